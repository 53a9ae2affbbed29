import type { ModelManifest } from '../models/package.ts';
import { decimate } from './decimate.ts';

/** Of its nominal rate, that a device's clock may be off for a model that takes one rate only. */
const RATE_TOLERANCE = 0.005;

/** Evenly sampled values of one channel, oldest first. */
export interface EvenSamples {
  readonly values: Float32Array;
  readonly rateHz: number;
}

/**
 * Brings samples to a rate that a model takes: the rate that its constant `rateHz` allows, or the one of its window.
 * Only whole factors downwards, by the one that comes nearest to the rate of its window.
 * @returns undefined when no factor leads to such a rate
 */
export function atRateOf(
  { window, constants = [] }: Pick<ModelManifest, 'window' | 'constants'>,
  { values, rateHz }: EvenSamples,
): EvenSamples | undefined {
  const { min, max } = constants.find(({ name }) => name === 'rateHz') ?? {
    min: window.rateHz * (1 - RATE_TOLERANCE),
    max: window.rateHz * (1 + RATE_TOLERANCE),
  };
  const exact = rateHz / window.rateHz;
  const distance = (factor: number) => Math.abs(Math.log(exact / factor));
  const [factor] = [Math.floor(exact), Math.ceil(exact)]
    .filter((whole) => whole >= 1 && rateHz / whole >= min && rateHz / whole <= max)
    .sort((a, b) => distance(a) - distance(b));
  if (factor === undefined) return undefined;
  return { values: decimate(values, factor), rateHz: rateHz / factor };
}
