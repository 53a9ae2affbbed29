import { readFile, stat } from 'node:fs/promises';
import { DataflashDecoder } from '../decode/dataflash/decoder.ts';
import { FLYING_US_MIN, MOTORS, PROPELLER_CHANNELS } from '../learn/propeller/features.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Sample } from '../values/sample.ts';
import { Grid, type Row } from '../window/grid.ts';

/** Windows of flights as the propeller classifier takes them: 5 s while flying, 5 s cut off at each end. */
export const PROPELLER_WINDOW = { rateHz: 10, rows: 50 } as const;

const CUT_MS = 5000;
/** A value stands for a second; records come every 100 ms and more. */
const HOLD_MS = 1000;
const FILE_SIZE_BYTES_MAX = 256 * 1024 * 1024;
const SOURCE = 'flight';

/**
 * The samples of a DataFlash log by their own time.
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function readFlight(path: string): Promise<readonly Sample[]> {
  const decoder = new DataflashDecoder(SOURCE);
  const decoded = [...decoder.decode(await readLog(path), 0), ...decoder.finish(0)];
  return decoded.filter((value) => value.kind === 'sample').sort((a, b) => timeOf(a) - timeOf(b));
}

/** @throws FieldnoteError RECORDING_UNREADABLE */
export async function readLog(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > FILE_SIZE_BYTES_MAX)
      throw new Error(`it has ${size} bytes, ${FILE_SIZE_BYTES_MAX} are allowed`);
    return await readFile(path);
  } catch (error) {
    const message = `cannot read ${path}: ${messageOf(error)}`;
    throw new FieldnoteError('RECORDING_UNREADABLE', message, { path }, error);
  }
}

/** Time of a sample since the autopilot started. */
export function timeOf({ deviceMs = 0 }: Sample): number {
  return deviceMs;
}

/**
 * Cuts a flight into windows, row by row as the daemon's grid makes them; none where it did not fly for long enough.
 * @returns the data of each and when it begins
 */
export function flightWindows(
  samples: readonly Sample[],
): readonly { readonly data: Float32Array; readonly beginMs: number }[] {
  const flyingMs = samples.filter(isFlying).map(timeOf);
  const beginMs = (flyingMs[0] ?? 0) + CUT_MS;
  const endMs = (flyingMs.at(-1) ?? 0) - CUT_MS;
  const rows = gridRows(samples, beginMs).filter((row) => row.endMs > 0 && row.endMs <= endMs - beginMs);
  const count = Math.floor(rows.length / PROPELLER_WINDOW.rows);
  return Array.from({ length: count }, (_, window) => {
    const first = window * PROPELLER_WINDOW.rows;
    const values = rows.slice(first, first + PROPELLER_WINDOW.rows).flatMap((row) => [...row.values]);
    return { data: Float32Array.from(values), beginMs: beginMs + (first * 1000) / PROPELLER_WINDOW.rateHz };
  });
}

/** Whether the mean of the motors says so; only records of the motors do. */
function isFlying({ names, values }: Sample): boolean {
  const outputs = PROPELLER_CHANNELS.slice(0, MOTORS).map(({ from }) => values[names.indexOf(from)] ?? 0);
  return outputs.reduce((sum, output) => sum + output, 0) / MOTORS > FLYING_US_MIN;
}

/** Cells by the time since the beginning of the first window, which they meet to half a cell. */
function gridRows(samples: readonly Sample[], beginMs: number): readonly Row[] {
  const channels = PROPELLER_CHANNELS.map(({ name, from, unit }) => [
    name,
    { from: `${SOURCE}.${from}`, unit },
  ]);
  const grid = new Grid({
    channels: Object.fromEntries(channels),
    rateHz: PROPELLER_WINDOW.rateHz,
    holdMs: HOLD_MS,
    windowRows: PROPELLER_WINDOW.rows,
  });
  return samples.flatMap((sample) => grid.push(sample, timeOf(sample) - beginMs).rows);
}
