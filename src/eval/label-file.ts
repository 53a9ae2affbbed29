import { readFile, stat } from 'node:fs/promises';
import { DeviceTime } from '../decode/device-time.ts';
import { readNumber } from '../decode/number.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

/** One stretch of a recording that is known to be abnormal; both ends belong to it. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
  /** What it is called; empty without a name. */
  readonly label: string;
  /** Of the file that names it, from 1. */
  readonly line: number;
}

const SIZE_BYTES_MAX = 1024 * 1024;
const STRETCHES_MAX = 10_000;

/** Header of a file of stretches, by what its numbers are. */
const HEADERS = {
  time: ['start', 'end', 'label'],
  row: ['start_row', 'end_row', 'label'],
} as const;

/** @throws FieldnoteError BAD_ARGUMENT */
export async function readLabelFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > SIZE_BYTES_MAX) throw new Error(`it has ${size} bytes, ${SIZE_BYTES_MAX} are allowed`);
    return await readFile(path, 'utf8');
  } catch (error) {
    const message = `cannot read the labels ${path}: ${messageOf(error)}`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { path }, error);
  }
}

/**
 * Reads stretches: `start,end` in times of the recording or `start_row,end_row`, with `label` or without.
 * @param rowTimesMs time of each row of the recording
 * @throws FieldnoteError BAD_ARGUMENT naming the line and what is wrong with it
 */
export function parseStretches(
  text: string,
  { path, rowTimesMs }: { readonly path: string; readonly rowTimesMs: readonly number[] },
): Stretch[] {
  const fail = (line: number, what: string) =>
    new FieldnoteError('BAD_ARGUMENT', `${path}:${line}: ${what}`, { path, line });
  const [header = '', ...lines] = text.split(/\r?\n/);
  const delimiter = [';', '\t', ','].find((candidate) => header.includes(candidate)) ?? ',';
  const fieldsOf = (line: string) =>
    line.split(delimiter).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  const kind = kindOf(fieldsOf(header));
  if (kind === undefined)
    throw fail(1, `"${header.slice(0, 80)}" must be start,end or start_row,end_row, with label or without`);
  const stretches = lines.flatMap((text, index) => {
    const line = index + 2;
    if (text.trim() === '' || text.startsWith('#')) return [];
    const [start = '', end = '', label = ''] = fieldsOf(text);
    const [startMs, endMs] = [start, end].map((field) => {
      const timeMs = kind === 'row' ? rowTimesMs[readNumber(field) ?? -1] : new DeviceTime().read('', field);
      if (timeMs !== undefined) return timeMs;
      const what =
        kind === 'row'
          ? `is no row of the recording (0 to ${rowTimesMs.length - 1})`
          : 'is no time, such as 2020-03-09 10:14:33 or milliseconds';
      throw fail(line, `"${field}" ${what}`);
    }) as [number, number];
    if (endMs < startMs) throw fail(line, `"${end}" lies before "${start}"`);
    return [{ startMs, endMs, label, line }];
  });
  if (stretches.length === 0) throw fail(1, 'names no stretch');
  if (stretches.length > STRETCHES_MAX)
    throw fail(1, `names ${stretches.length} stretches, ${STRETCHES_MAX} are allowed`);
  checkWithin(stretches, rowTimesMs, fail);
  return stretches;
}

function kindOf(fields: readonly string[]): keyof typeof HEADERS | undefined {
  const names = fields.map((field) => field.toLowerCase());
  const fits = (header: readonly string[]) =>
    names.length >= 2 && names.length <= header.length && names.every((name, at) => name === header[at]);
  if (fits(HEADERS.time)) return 'time';
  return fits(HEADERS.row) ? 'row' : undefined;
}

/** A stretch that no row lies in is a mistake: another time zone, another unit, another recording. */
function checkWithin(
  stretches: readonly Stretch[],
  rowTimesMs: readonly number[],
  fail: (line: number, what: string) => FieldnoteError,
): void {
  for (const { startMs, endMs, line } of stretches) {
    if (rowTimesMs.some((timeMs) => timeMs >= startMs && timeMs <= endMs)) continue;
    const [first = 0, last = 0] = [rowTimesMs[0], rowTimesMs.at(-1)];
    const span = `${timeText(first)} to ${timeText(last)}`;
    throw fail(line, `no row of the recording lies in this stretch; it goes from ${span}`);
  }
}

/** Milliseconds from here on are dates (1973), as in the decoder. */
const UNIX_MS_MIN = 1e11;

/** A date where it is one, otherwise the milliseconds that a device counted. */
export function timeText(timeMs: number): string {
  return timeMs >= UNIX_MS_MIN ? new Date(timeMs).toISOString() : `${timeMs} ms`;
}
