/** Made vibration of a bearing 6205 at 1800 rpm, written apart from the simulator that the classifier learned from. */

export const SKF_6205 = {
  balls: 9,
  ballDiameterMm: 7.94,
  pitchDiameterMm: 39.04,
  contactAngleDeg: 0,
} as const;
export const SHAFT_HZ = 30;
export const BURST_RATE_HZ = 12_000;

/** Impacts per turn of the shaft. */
export const ORDER = { 'inner race': 5.415, 'outer race': 3.585 } as const;

/** Uniform from -1 to 1, the same for the same seed. */
export function seededNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Shaft, its second harmonic and noise that falls with frequency: a machine with nothing wrong. */
export function healthyBurst(rows: number, seed: number): Float32Array {
  const noise = seededNoise(seed);
  let smooth = 0;
  return Float32Array.from({ length: rows }, (_, at) => {
    smooth = 0.7 * smooth + noise();
    const turn = (2 * Math.PI * SHAFT_HZ * at) / BURST_RATE_HZ;
    return 0.5 * Math.sin(turn) + 0.3 * Math.sin(2 * turn + 1) + smooth;
  });
}

/** The same machine with a resonance at 3 kHz struck at the order of a race; an inner race turns through the load. */
export function faultyBurst(rows: number, seed: number, race: keyof typeof ORDER): Float32Array {
  const strengthAt = (turns: number) =>
    race === 'inner race' ? 10 * Math.max(0.1, Math.cos(2 * Math.PI * turns)) : 10;
  return struck(healthyBurst(rows, seed), ORDER[race], strengthAt);
}

/** Machines with a sound bearing that one could take for damaged. */
export const ODD_BUT_SOUND = {
  'knocks once a turn': (burst: Float32Array) => struck(burst, 1, () => 10),
  'knocks at another rate': (burst: Float32Array) => struck(burst, 2.9, () => 10),
  'whines at 1 kHz': (burst: Float32Array) =>
    burst.map((value, at) => value + 5 * Math.sin((2 * Math.PI * 1000 * at) / BURST_RATE_HZ)),
  'has spikes from a bad cable': (burst: Float32Array) =>
    burst.map((value, at) => ([700, 1900, 3333].includes(at) ? value + 30 : value)),
  'is clipped by its sensor': (burst: Float32Array) => burst.map((value) => Math.max(-1, Math.min(1, value))),
} as const satisfies Record<string, (burst: Float32Array) => Float32Array>;

/** Strikes a resonance at 3 kHz so many times a turn of the shaft. */
function struck(burst: Float32Array, order: number, strengthAt: (turns: number) => number): Float32Array {
  const rows = burst.length;
  const period = BURST_RATE_HZ / (SHAFT_HZ * order);
  for (let impact = 0; impact * period < rows; impact++) {
    const strength = strengthAt(impact / order);
    const start = Math.ceil(impact * period);
    for (let at = start; at < Math.min(rows, start + 100); at++) {
      const seconds = (at - impact * period) / BURST_RATE_HZ;
      burst[at] =
        (burst[at] ?? 0) + strength * Math.exp(-900 * seconds) * Math.sin(2 * Math.PI * 3000 * seconds);
    }
  }
  return burst;
}
