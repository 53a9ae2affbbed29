import { describe, expect, test } from 'vitest';
import { laneOf } from '../../src/values/lane.ts';

const template = { textBy: 'template', model: 'm', config: 'c', agent: '1' } as const;
const llm = { ...template, textBy: 'llm' } as const;

describe('the lane of a report', () => {
  test.for([
    ['critical', 'opened', template, 'critical'],
    ['critical', 'updated', template, 'critical'],
    ['critical', 'closed', template, 'critical'],
    ['warning', 'opened', template, 'incident'],
    ['notice', 'closed', template, 'incident'],
    ['warning', 'updated', template, 'update'],
    ['critical', 'opened', llm, 'update'],
    ['notice', 'closed', llm, 'update'],
  ] as const)('of severity %s, %s, is known from what it says', ([severity, event, provenance, lane]) => {
    expect(laneOf({ severity, event, provenance })).toBe(lane);
  });
});
