import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gaussian, seededRandom } from '../../demo/noise.ts';

/** Small made recordings in the layouts of the public benchmarks. Nothing of the originals is in them. */

const START_MS = Date.UTC(2026, 0, 1);

/** Rows of a recording like those of SKAB, and those of the fault in it. */
export const SKAB_ROWS = 1000;
export const FAULT_ROWS = { from: 500, to: 700 } as const;

/** A recording like those of SKAB: 1 Hz, three channels. */
export function writeSkabFile(folder: string, name: string, options: { readonly isLabelled?: boolean } = {}) {
  const random = seededRandom(5);
  const rows = Array.from({ length: SKAB_ROWS }, (_, row) => {
    const isFault = row >= FAULT_ROWS.from && row < FAULT_ROWS.to;
    const time = new Date(START_MS + row * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const values = [2 + (isFault ? 2 : 0), 7, 40].map((level) => (level + gaussian(random) / 5).toFixed(4));
    const isAnomaly = isFault && options.isLabelled !== false;
    const isChange = (row === FAULT_ROWS.from || row === FAULT_ROWS.to) && options.isLabelled !== false;
    return [time, ...values, isAnomaly ? '1.0' : '0.0', isChange ? '1.0' : '0.0'].join(';');
  });
  write(folder, name, ['datetime;vib;amps;flow;anomaly;changepoint', ...rows]);
}

/** Two datasets like those of BATADAL: hourly, a tank and a pump that is off at night, one attack of twelve hours. */
export function writeBatadal(folder: string): void {
  const random = seededRandom(6);
  const dataset = (startMs: number, hours: number, isAttack: (hour: number) => boolean) => [
    'DATETIME,L_T1,F_PU1,S_PU9,ATT_FLAG',
    ...Array.from({ length: hours }, (_, hour) => {
      const date = new Date(startMs + hour * 3_600_000);
      const two = (number: number) => String(number).padStart(2, '0');
      const day = `${two(date.getUTCDate())}/${two(date.getUTCMonth() + 1)}/${two(date.getUTCFullYear() % 100)}`;
      const level = 3 + gaussian(random) / 10 + (isAttack(hour) ? 4 : 0);
      const flow = 50 + gaussian(random);
      return `${day} ${two(date.getUTCHours())},${level.toFixed(3)},${flow.toFixed(3)},0,${Number(isAttack(hour))}`;
    }),
  ];
  const isAttacked = (hour: number) => hour >= 100 && hour < 112;
  write(
    folder,
    'dataset03.csv',
    dataset(Date.UTC(2014, 0, 6), 1200, () => false),
  );
  write(folder, 'dataset04.csv', dataset(Date.UTC(2016, 6, 4), 200, isAttacked));
}

/** Three runs like those of the Tennessee Eastman process; fault 4 moves the first channel from row 160 on. */
export function writeTep(folder: string): void {
  const random = seededRandom(7);
  const run = (rows: number, shiftAt: (row: number) => number) =>
    Array.from({ length: rows }, (_, row) =>
      Array.from({ length: 52 }, (_, channel) => gaussian(random) + (channel === 0 ? shiftAt(row) : 0)),
    );
  const linesOf = (matrix: readonly (readonly number[])[]) =>
    matrix.map((line) => `  ${line.map((value) => value.toExponential(7)).join('  ')}`);
  const learned = run(500, () => 0);
  const transposed = learned[0]?.map((_, channel) => learned.map((line) => line[channel] ?? 0)) ?? [];
  write(folder, 'd00.dat', linesOf(transposed));
  write(folder, 'd00_te.dat', linesOf(run(960, () => 0)));
  write(folder, 'd04_te.dat', linesOf(run(960, (row) => (row >= 160 ? 25 : 0))));
}

function write(folder: string, name: string, lines: readonly string[]): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join('\n')}\n`);
}
