import { expect, test } from 'vitest';
import type { Stamp } from '../../src/values/stamp.ts';
import { acceptance, stamp } from '../support/store-reports.ts';
import { call, expectBalance, openIn, temporaryFolder } from '../support/store-samples.ts';

const YEAR_MS = 365.25 * 24 * 3600 * 1000;
const now = stamp.wallMs;

test('a clock that goes back fifty years and ahead ten changes neither order nor what is kept', () => {
  const folder = temporaryFolder();
  const walls = [now, now - 50 * YEAR_MS, now + 10 * YEAR_MS, 0, -1, now];
  let database = openIn(folder);
  walls.forEach((wallMs, index) => {
    const { entry, ...others } = acceptance(index + 1, 100, 'incident');
    const odd: Stamp = { ...stamp, wallMs, clock: 'unknown', errorMs: null };
    call(database, 'accept', { ...others, entry: { ...entry, stamp: odd } });
    database.close();
    database = openIn(folder, { bootId: `boot-${index}` });
  });
  const rows = call(database, 'pendingAfter', { lane: 'incident', seq: 0, limit: 10 });
  expect(rows.map(({ laneSeq, stamp: { wallMs } }) => [laneSeq, wallMs])).toEqual(
    walls.map((wallMs, index) => [index + 1, wallMs]),
  );
  expect(call(database, 'totals', undefined)).toMatchObject({
    pending: walls.length,
    expired: 0,
    evicted: 0,
  });
  expectBalance(database);
});
