/** Zero crossings of the filter on either side: the band up to 0.84 of the new Nyquist frequency passes unharmed. */
const CROSSINGS = 32;
/** Where the filter has fallen to a half, as a share of the new Nyquist frequency. */
const CORNER = 0.92;

/**
 * Brings a recording to a rate that is `factor` times lower: a windowed-sinc low-pass (Blackman, at least 70 dB down
 * from the new Nyquist frequency on), then every factor-th sample. Samples that the filter cannot see around are left
 * out, so the result is shorter than `samples.length / factor`.
 */
export function decimate(samples: Float32Array, factor: number): Float32Array {
  if (factor === 1) return samples;
  const taps = lowPass(factor);
  const length = Math.max(0, Math.floor((samples.length - taps.length) / factor) + 1);
  return Float32Array.from({ length }, (_, index) => {
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++)
      sum += (taps[tap] as number) * (samples[index * factor + tap] as number);
    return sum;
  });
}

/** Taps of the filter; they sum to 1. */
function lowPass(factor: number): Float64Array {
  const half = CROSSINGS * factor;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, index) => {
    const angle = (Math.PI * (index - half)) / half;
    const blackman = 0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    return sinc(((index - half) * CORNER) / factor) * blackman;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
