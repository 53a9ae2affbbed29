import type { ModelManifest } from '../models/package.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { ChannelDeviation, Judged, Label } from '../values/verdict.ts';
import type { Graph, GraphTensor, RunAnswer } from './protocol.ts';

/** float32 arithmetic may put a share or a probability this far outside 0 to 1. */
const ROUNDING = 1e-3;

/**
 * Checks that a graph takes the window and gives the outputs that its manifest declares.
 * @throws {FieldnoteError} MODEL_MISMATCH naming every difference
 */
export function checkGraph({ inputs, outputs }: Graph, manifest: ModelManifest): void {
  const { name, window, channels } = manifest;
  const wanted = [window.rows, channels.length];
  const isWindow = (input: GraphTensor) =>
    input.name === 'window' && input.type === 'float32' && fits(input.shape, wanted);
  const given = new Set(outputs.filter(({ type }) => type === 'float32').map((output) => output.name));
  const differences = [
    ...inputs.filter((input) => !isWindow(input)).map((input) => `takes ${describe(input)}`),
    ...(inputs.some(isWindow) ? [] : [`does not take window float32 [${wanted.join(', ')}]`]),
    ...wantedOutputs(manifest)
      .filter((output) => !given.has(output))
      .map((output) => `gives no float32 output "${output}"`),
  ];
  if (differences.length === 0) return;
  const message = `model "${name}" does not fit its model.json: its graph ${differences.join('; ')}`;
  throw new FieldnoteError('MODEL_MISMATCH', message, { name, sha256: manifest.sha256, differences });
}

function wantedOutputs({ outputs }: ModelManifest): string[] {
  const deviations = outputs.deviations ? ['value', 'baseline', 'spread', 'share'] : [];
  return ['score', ...deviations, ...(outputs.labels.length > 0 ? ['labels'] : [])];
}

function fits(shape: GraphTensor['shape'], wanted: readonly number[]): boolean {
  if (shape.length !== wanted.length) return false;
  return wanted.every((size, i) => typeof shape[i] === 'string' || shape[i] === size);
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
