import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WritingQueue } from '../../src/report/writing-queue.ts';
import type { Report } from '../../src/values/report.ts';
import { madeReport } from '../support/made-report.ts';

function report(id: string, given: Partial<Report> = {}): Report {
  return { ...madeReport(1), id, revision: 1, severity: 'warning', ...given };
}

function drain(queue: WritingQueue): string[] {
  const ids: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift())
    ids.push(`${next.id}/${next.revision}`);
  return ids;
}

describe('the queue of reports to write', () => {
  test('gives the most severe first, then the one that has waited longest', () => {
    const queue = new WritingQueue(10);
    queue.push(report('a', { severity: 'notice' }));
    queue.push(report('b'));
    queue.push(report('c', { severity: 'critical' }));
    queue.push(report('d'));
    expect(drain(queue)).toEqual(['c/1', 'b/1', 'd/1', 'a/1']);
  });

  test('replaces a waiting report by the next revision of its incident', () => {
    const queue = new WritingQueue(10);
    queue.push(report('a'));
    queue.push(report('b'));
    expect(queue.push(report('a', { revision: 2 })).map(({ revision }) => revision)).toEqual([1]);
    expect(drain(queue)).toEqual(['a/2', 'b/1']);
  });

  test('knows that a report has become old while it was written', () => {
    const queue = new WritingQueue(10);
    queue.push(report('a'));
    const first = queue.shift() as Report;
    expect(queue.isLatest(first)).toBe(true);
    queue.push(report('a', { revision: 2 }));
    expect(queue.isLatest(first)).toBe(false);
    queue.done(first);
    expect(drain(queue)).toEqual(['a/2']);
  });

  test('lets the least severe go when it is full, the oldest of them', () => {
    const queue = new WritingQueue(2);
    queue.push(report('a', { severity: 'notice' }));
    queue.push(report('b', { severity: 'notice' }));
    expect(queue.push(report('c')).map(({ id }) => id)).toEqual(['a']);
    expect(drain(queue)).toEqual(['c/1', 'b/1']);
  });

  test('never holds more than its limit, and gives nothing twice', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      severity: fc.constantFrom('notice' as const, 'warning' as const, 'critical' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new WritingQueue(3);
        for (const [at, { id, severity }] of steps.entries()) {
          queue.push(report(id, { severity, revision: at + 1 }));
          expect(queue.length).toBeLessThanOrEqual(3);
        }
        const ids = drain(queue).map((name) => name.split('/')[0]);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });
});
