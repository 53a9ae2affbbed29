/** The few quantiles that textbook control limits need. */

/** 99.9 % of the standard normal distribution lie below. */
export const NORMAL_999 = 3.090232306167813;

const TERMS_MAX = 300;
const PRECISION = 1e-14;
const BISECTIONS = 200;

/**
 * The value that an F-distributed variable does not exceed with probability `share`, by bisection.
 * @param d1 degrees of freedom of the numerator, @param d2 of the denominator
 */
export function quantileF(share: number, d1: number, d2: number): number {
  // x = d1·f / (d1·f + d2) is Beta(d1/2, d2/2) distributed.
  let [low, high] = [0, 1];
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, d1 / 2, d2 / 2) < share) low = middle;
    else high = middle;
  }
  return (d2 * low) / (d1 * (1 - low));
}

/** Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  // The fraction converges fast below the mean; above it the symmetry I_x(a, b) = 1 − I_1−x(b, a) leads there.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = a * Math.log(x) + b * Math.log(1 - x) - logBeta(a, b) - Math.log(a);
  return Math.exp(front) / continuedFraction((m) => coefficient(m, x, a, b));
}

function coefficient(index: number, x: number, a: number, b: number): number {
  const m = Math.floor(index / 2);
  if (index % 2 === 0) return (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
  return (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
}

/** 1 + c₁/(1 + c₂/(1 + …)) by the method of Lentz as modified by Thompson and Barnett. */
function continuedFraction(coefficientOf: (index: number) => number): number {
  let [value, upper, lower] = [1, 1, 0];
  for (let index = 1; index < TERMS_MAX; index++) {
    const c = coefficientOf(index);
    lower = 1 / (1 + c * lower);
    upper = 1 + c / upper;
    const change = upper * lower;
    value *= change;
    if (Math.abs(change - 1) < PRECISION) break;
  }
  return value;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series (DLMF 5.11.1), from where it is exact to 15 digits; the recurrence leads there. */
function logGamma(z: number): number {
  if (z < 15) return logGamma(z + 1) - Math.log(z);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series;
}
