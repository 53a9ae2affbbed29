/** Random numbers that a seed repeats, and the two kinds of noise that real sensors show. */

/**
 * Uniform numbers in [0, 1) from a 32-bit seed: mulberry32 by Tommy Ettinger (public domain), period 2³². Far too
 * weak for secrets, good enough for noise.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One number of the standard normal distribution (Box and Muller, 1958). */
export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * Noise with a memory: the Ornstein-Uhlenbeck process, in its exact discrete form, so that its spread does not
 * depend on the step. It wanders around 0 with the standard deviation `sd` and forgets within `memoryS` seconds.
 * @returns a function that takes the step in seconds and gives the next value
 */
export function wander(random: () => number, sd: number, memoryS: number): (stepS: number) => number {
  let value = sd * gaussian(random);
  return (stepS) => {
    const kept = Math.exp(-stepS / memoryS);
    value = kept * value + sd * Math.sqrt(1 - kept * kept) * gaussian(random);
    return value;
  };
}
