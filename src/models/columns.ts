import type { ChannelDeviation } from '../values/verdict.ts';
import type { Window } from '../values/window.ts';
import type { ModelManifest } from './package.ts';
import { type Conversion, conversionBetween, convert, inverse } from './units.ts';

/** Where the values of one channel of a model come from, and how their unit becomes the model's. */
export interface Column extends Conversion {
  /** Column of the asset's windows. */
  readonly at: number;
}

/**
 * Finds the channels of a model among those of an asset, by name: the asset may have more of them, in another order and
 * in other units.
 * @returns one column for each channel of the model, or the differences that make it impossible
 */
export function columnsOf(
  wanted: ModelManifest['channels'],
  given: ModelManifest['channels'],
): { readonly columns: readonly Column[]; readonly differences: readonly string[] } {
  const columns: Column[] = [];
  const differences: string[] = [];
  for (const { name, unit } of wanted) {
    const at = given.findIndex((channel) => channel.name === name);
    const its = given[at]?.unit;
    const conversion = its === undefined ? undefined : conversionBetween(its, unit);
    if (its === undefined)
      differences.push(`the model wants a channel ${name}, which the asset does not have`);
    else if (conversion === undefined)
      differences.push(
        `unit of ${name}: the model wants ${unit}, the asset has ${its}, which does not convert`,
      );
    else columns.push({ at, ...conversion });
  }
  return { columns, differences };
}

/**
 * The newest rows of a window as a model takes them: its channels in its order and units.
 * @returns rows × columns values, row by row; gaps stay gaps
 */
export function valuesFor(
  { data, rows, channels }: Window,
  {
    window,
    columns,
  }: { readonly window: Pick<ModelManifest['window'], 'rows'>; readonly columns: readonly Column[] },
): Float32Array {
  const newest = data.subarray((rows - window.rows) * channels.length);
  const isAsItIs = columns.length === channels.length && columns.every(isUnchanged);
  if (isAsItIs) return newest;
  const values = new Float32Array(window.rows * columns.length);
  for (let row = 0; row < window.rows; row++)
    for (const [i, column] of columns.entries())
      values[row * columns.length + i] = convert(
        newest[row * channels.length + column.at] ?? Number.NaN,
        column,
      );
  return values;
}

/** Deviations of a model, one for each of its columns, in the units of the asset. A spread has no offset. */
export function inUnitsOfAsset(
  deviations: readonly ChannelDeviation[],
  columns: readonly Column[],
): readonly ChannelDeviation[] {
  return deviations.map((deviation, i) => {
    const column = columns[i];
    if (column === undefined || isSameUnit(column)) return deviation;
    const back = inverse(column);
    return {
      ...deviation,
      value: convert(deviation.value, back),
      baseline: convert(deviation.baseline, back),
      spread: deviation.spread * back.factor,
    };
  });
}

function isUnchanged(column: Column, i: number): boolean {
  return column.at === i && isSameUnit(column);
}

function isSameUnit({ factor, offset }: Conversion): boolean {
  return factor === 1 && offset === 0;
}
