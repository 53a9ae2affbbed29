import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SensorCheck } from '../../src/window/sensors/check.ts';
import { needsShared, sharedPath } from '../support/needs.ts';
import { PUMP_CHANNELS, readPumpRecording } from '../support/pump-recording.ts';
import { seeded } from '../support/sensor-rig.ts';

type Row = Readonly<Record<string, number>>;

/** Rows that it is learned from: the recordings are free of faults for longer. */
const LEARN_ROWS = 400;
/** Where the faults are put in, at the earliest and the latest. */
const BEGIN_ROWS = [420, 560] as const;

const COLUMNS = Object.values(PUMP_CHANNELS).map(({ from }) => from.slice('mcu.'.length));
const names = needsShared('skab')
  ? readdirSync(sharedPath('skab')).filter((name) => /^(?:valve1|other)-\d+\.csv$/.test(name))
  : [];

/** Second and kind of each fault that the check finds in a recording, one row a second. */
function faultsIn(
  rows: readonly Row[],
  learnRows = LEARN_ROWS,
): { row: number; subject: string; fault: string }[] {
  const check = new SensorCheck({
    ...{ channels: PUMP_CHANNELS, holdMs: 2500, windowMs: 15_000, learnForMs: (learnRows - 1) * 1000 },
    deviceClocks: [],
  });
  let before = new Set<string>();
  return rows.flatMap((values, row) => {
    const timeMs = row * 1000;
    const sample = {
      kind: 'sample',
      source: 'mcu',
      monoMs: timeMs,
      deviceMs: timeMs,
      names: COLUMNS,
    } as const;
    check.take({ ...sample, values: COLUMNS.map((column) => values[column] ?? Number.NaN) }, timeMs);
    const now = check.findings.map(({ subject, fault }) => ({ row, subject, fault }));
    const found = now.filter(({ subject, fault }) => !before.has(`${subject} ${fault}`));
    before = new Set(now.map(({ subject, fault }) => `${subject} ${fault}`));
    return found;
  });
}

interface Injection {
  readonly latest: number;
  readonly median: number;
  readonly spread: number;
  readonly row: number;
}

/** What a broken sensor gives instead of the value of a row. */
const INJECTED: Readonly<Record<string, (value: number, injection: Injection) => number>> = {
  stuck: (_, { latest }) => latest,
  'dropped-out': () => Number.NaN,
  spiking: (value, { median, spread, row }) => (row % 15 === 0 ? median + 40 * spread : value),
};

function injected(rows: readonly Row[], column: string, begin: number, kind: string): Row[] {
  const learned = rows
    .slice(0, LEARN_ROWS)
    .map((row) => row[column] ?? 0)
    .toSorted((a, b) => a - b);
  const quantile = (share: number) => learned[Math.floor(share * LEARN_ROWS)] ?? 0;
  const constants = { latest: rows[begin]?.[column] ?? 0, median: quantile(0.5) };
  const spread = (quantile(0.95) - quantile(0.05)) / 3.29;
  const change = INJECTED[kind] ?? ((value: number) => value);
  return rows.map((values, at) => {
    if (at < begin) return values;
    return { ...values, [column]: change(values[column] ?? 0, { ...constants, spread, row: at - begin }) };
  });
}

describe.runIf(names.length > 0)('sensors of a recorded pump', { timeout: 120_000 }, () => {
  test('are all well while the pump has its faults', () => {
    const found = names.map((name) => [name, faultsIn(readPumpRecording(name).rows)] as const);
    expect(found.filter(([, faults]) => faults.length > 0)).toEqual([]);
    expect(names).toHaveLength(13);
  });

  test('are all well in hours without a fault', () => {
    const { rows } = readPumpRecording('anomaly-free.csv');
    expect(rows.length).toBeGreaterThan(9000);
    expect(faultsIn(rows, 600)).toEqual([]);
  });

  test.each(Object.keys(INJECTED))('are told when one of them is made %s, and no other one', (kind) => {
    const random = seeded(11);
    const results = names.flatMap((name) => {
      const { rows } = readPumpRecording(name);
      return Object.entries(PUMP_CHANNELS).map(([channel, { from }]) => {
        const [first, last] = BEGIN_ROWS;
        const begin = first + Math.floor(random() * (last - first));
        const faults = faultsIn(injected(rows, from.slice('mcu.'.length), begin, kind));
        const hit = faults.find(({ subject, fault }) => subject === channel && fault === kind);
        return {
          name,
          channel,
          delay: hit && hit.row - begin,
          others: faults.filter((found) => found.subject !== channel || found.fault !== kind),
        };
      });
    });
    const delays = results.flatMap(({ delay }) => delay ?? []).toSorted((a, b) => a - b);
    const median = delays[Math.floor(delays.length / 2)];
    console.info(
      `${kind}: ${delays.length} of ${results.length} found, after ${median} s (median) to ${delays.at(-1)} s`,
    );
    expect(results.filter(({ delay }) => delay === undefined)).toEqual([]);
    expect(results.flatMap(({ others }) => others)).toEqual([]);
  });
});
