import type { ModelManifest } from '../models/package.ts';
import type { Waveform } from '../values/device.ts';
import type { Window } from '../values/window.ts';
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

/**
 * The newest part of a waveform as the window of a model. One that is too short, or lacks values, has a coverage below 1.
 * @param constants of the asset; the rate of the waveform joins them
 * @returns undefined when the waveform has a rate that the model does not take
 */
export function burstWindow(
  waveform: Pick<Waveform, keyof EvenSamples | 'monoMs' | 'channel'>,
  manifest: Pick<ModelManifest, 'window' | 'constants'>,
  { asset, constants }: Required<Pick<Window, 'asset' | 'constants'>>,
): Window | undefined {
  const brought = atRateOf(manifest, waveform);
  if (brought === undefined) return undefined;
  const { values, rateHz } = brought;
  const { rows } = manifest.window;
  const newest = values.subarray(Math.max(0, values.length - rows));
  const data = new Float32Array(rows).fill(Number.NaN);
  data.set(newest, rows - newest.length);
  return {
    asset,
    endMs: waveform.monoMs + (waveform.values.length / waveform.rateHz) * 1000,
    rateHz,
    rows,
    channels: [waveform.channel],
    data,
    constants: { ...constants, rateHz },
    coverage: [newest.filter(Number.isFinite).length / rows],
  };
}
