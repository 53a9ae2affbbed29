import type { ModelManifest } from '../models/package.ts';
import type { RunAnswer, RunRequest } from './protocol.ts';

/** float32 on other processors, and in other orders of summing, differs by less. */
const TOLERANCE = 1e-4;

/** What a model takes for one window. */
export type RunInput = Pick<RunRequest, 'data' | 'constants'>;

/**
 * The window that a model is tried with: the golden one of its manifest. Without one, values from 1 to 2 that never
 * repeat (no channel is constant, so that no model divides by zero for that reason) and constants from the middle of
 * their range.
 */
export function trialInput({ window, channels, constants = [], golden }: ModelManifest): RunInput {
  const length = window.rows * channels.length;
  const data = Float32Array.from({ length }, (_, i) => {
    const channel = i % channels.length;
    return golden === undefined
      ? 1.5 + Math.sin(i) / 2
      : (golden.center[channel] ?? 0) + (golden.swing[channel] ?? 0) * Math.sin(i);
  });
  const given = constants.map(({ name, min, max }) => [name, golden?.constants?.[name] ?? (min + max) / 2]);
  return { data, constants: Object.fromEntries(given) };
}

/** Where the outputs for the golden window are not those that the manifest promises. */
export function goldenDifferences({ golden }: ModelManifest, outputs: RunAnswer['outputs']): string[] {
  return Object.entries(golden?.outputs ?? {}).flatMap(([name, wanted]) => {
    const given = outputs[name] ?? [];
    const isGolden = given.length === wanted.length && wanted.every((value, i) => isClose(given[i], value));
    return isGolden ? [] : [`${name} is [${[...given].join(', ')}] and should be [${wanted.join(', ')}]`];
  });
}

function isClose(given = Number.NaN, wanted: number): boolean {
  return Math.abs(given - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
}
