import { describe, expect, test } from 'vitest';
import type { Lane } from '../../src/values/lane.ts';
import { WaitingReports } from '../../src/waiting-reports.ts';
import { acceptance } from '../support/store-reports.ts';

function waitingWith(...lanes: Lane[]): WaitingReports {
  const waiting = new WaitingReports();
  lanes.forEach((lane, index) => {
    waiting.push(acceptance(index + 1, 10, lane));
  });
  return waiting;
}

/** What is stored when everything is: revision and the state that goes with it. */
function drained(waiting: WaitingReports): unknown[] {
  const stored: unknown[] = [];
  for (let next = waiting.next(); next !== undefined; next = waiting.next()) {
    stored.push([next.entry.revision, next.state]);
    waiting.settle(true);
  }
  return stored;
}

describe('reports that wait for the store', () => {
  test('come in order when none is critical', () => {
    expect(drained(waitingWith('incident', 'update', 'telemetry'))).toEqual([
      [1, { open: 1 }],
      [2, { open: 2 }],
      [3, { open: 3 }],
    ]);
  });

  test('let critical ones pass, and bring no older state back', () => {
    expect(drained(waitingWith('incident', 'critical', 'update'))).toEqual([
      [2, { open: 2 }],
      [1, { open: 2 }],
      [3, { open: 3 }],
    ]);
  });

  test('keep their own state when the one that overtook them was lost', () => {
    const waiting = waitingWith('incident', 'critical');
    waiting.next();
    waiting.settle(false);
    expect(drained(waiting)).toEqual([[1, { open: 1 }]]);
  });

  test('that are being stored are settled, whatever comes meanwhile', () => {
    const waiting = waitingWith('incident');
    waiting.next();
    waiting.push(acceptance(9, 10, 'critical'));
    waiting.settle(true);
    expect(drained(waiting)).toEqual([[9, { open: 9 }]]);
  });

  test('are at most 256 of each kind, the oldest of its kind goes, but not the one that is being stored', () => {
    const waiting = waitingWith(...Array<Lane>(256).fill('incident'));
    waiting.next();
    const shed = [1, 2].map(() => waiting.push(acceptance(999, 10, 'incident'))?.entry.revision);
    expect(shed).toEqual([undefined, 2]);
    waiting.push(acceptance(1000, 10, 'critical'));
    expect(waiting.length).toBe(258);
  });
});
