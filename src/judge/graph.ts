import type { ModelManifest } from '../models/package.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { ChannelDeviation, Judged, Label } from '../values/verdict.ts';
import type { Graph, GraphTensor, RunAnswer } from './protocol.ts';

/** float32 arithmetic may put a share or a probability this far outside 0 to 1. */
const ROUNDING = 1e-3;

/**
 * Checks that a graph takes the window and the constants and gives the outputs that its manifest declares.
 * @throws {FieldnoteError} MODEL_MISMATCH naming every difference
 */
export function checkGraph({ inputs, outputs }: Graph, manifest: ModelManifest): void {
  const { name } = manifest;
  const wanted = wantedInputs(manifest);
  const isWanted = (input: GraphTensor) => wanted.some((one) => isSame(input, one));
  const given = new Set(outputs.filter(({ type }) => type === 'float32').map((output) => output.name));
  const differences = [
    ...inputs.filter((input) => !isWanted(input)).map((input) => `takes ${describe(input)}`),
    ...wanted
      .filter((one) => !inputs.some((input) => isSame(input, one)))
      .map((one) => `does not take ${describe(one)}`),
    ...wantedOutputs(manifest)
      .filter((output) => !given.has(output))
      .map((output) => `gives no float32 output "${output}"`),
  ];
  if (differences.length === 0) return;
  const message = `model "${name}" does not fit its model.json: its graph ${differences.join('; ')}`;
  throw new FieldnoteError('MODEL_MISMATCH', message, { name, sha256: manifest.sha256, differences });
}

function wantedInputs({ window, channels, constants = [] }: ModelManifest): GraphTensor[] {
  const scalars = constants.map(({ name }) => ({ name, type: 'float32', shape: [1] }));
  return [{ name: 'window', type: 'float32', shape: [window.rows, channels.length] }, ...scalars];
}

function wantedOutputs({ outputs }: ModelManifest): string[] {
  const deviations = outputs.deviations ? ['value', 'baseline', 'spread', 'share'] : [];
  return ['score', ...deviations, ...(outputs.labels.length > 0 ? ['labels'] : [])];
}

/** A graph may leave a size open. */
function isSame({ name, type, shape }: GraphTensor, wanted: GraphTensor): boolean {
  if (name !== wanted.name || type !== wanted.type || shape.length !== wanted.shape.length) return false;
  return wanted.shape.every((size, i) => typeof shape[i] === 'string' || shape[i] === size);
}

function describe({ name, type, shape }: GraphTensor): string {
  return `${name} ${type} [${shape.join(', ')}]`;
}

/**
 * Reads what a model gave for one window. Only the number of values of an output counts, not how they are nested.
 * @returns undefined when anything that the manifest declares is missing, has the wrong length or an impossible value
 */
export function readOutputs(
  outputs: RunAnswer['outputs'],
  manifest: ModelManifest,
): Pick<Judged, 'score' | 'deviations' | 'labels'> | undefined {
  const score = valuesOf(outputs, 'score', 1)?.[0];
  const deviations = readDeviations(outputs, manifest);
  const labels = readLabels(outputs, manifest);
  if (score === undefined || score < 0 || deviations === undefined || labels === undefined) return undefined;
  return { score, deviations, labels };
}

function readDeviations(
  outputs: RunAnswer['outputs'],
  { channels, outputs: declared }: ModelManifest,
): ChannelDeviation[] | undefined {
  if (!declared.deviations) return [];
  const [value, baseline, spread] = ['value', 'baseline', 'spread'].map((name) =>
    valuesOf(outputs, name, channels.length),
  );
  const share = fractionsOf(outputs, 'share', channels.length);
  if (!value || !baseline || !spread || !share) return undefined;
  const isPossible = spread.every((width) => width > 0) && sum(share) <= 1 + ROUNDING;
  if (!isPossible) return undefined;
  return channels.map(({ name }, i) => ({
    channel: name,
    value: value[i] as number,
    baseline: baseline[i] as number,
    spread: spread[i] as number,
    share: share[i] as number,
  }));
}

function readLabels(outputs: RunAnswer['outputs'], manifest: ModelManifest): Label[] | undefined {
  const names = manifest.outputs.labels;
  if (names.length === 0) return [];
  const probabilities = fractionsOf(outputs, 'labels', names.length);
  return probabilities
    ?.map((probability, i) => ({ name: names[i] as string, probability }))
    .sort((a, b) => b.probability - a.probability);
}

function fractionsOf(outputs: RunAnswer['outputs'], name: string, length: number): number[] | undefined {
  const values = valuesOf(outputs, name, length);
  const isFraction = (value: number) => value >= -ROUNDING && value <= 1 + ROUNDING;
  return values?.every(isFraction) ? values.map((value) => Math.min(1, Math.max(0, value))) : undefined;
}

function valuesOf(outputs: RunAnswer['outputs'], name: string, length: number): number[] | undefined {
  const values = outputs[name];
  if (values === undefined || values.length !== length) return undefined;
  return values.every(Number.isFinite) ? [...values] : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
