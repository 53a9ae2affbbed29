import { gaussian } from '../demo/noise.ts';

/** The device of all rows: eight channels, one line each 10 ms. */

export const SAMPLE_RATE_HZ = 100;

export const CHANNELS = [
  { key: 'vibration_x', unit: 'g', mean: 0.027, deviation: 0.002, decimals: 4 },
  { key: 'vibration_y', unit: 'g', mean: 0.041, deviation: 0.003, decimals: 4 },
  { key: 'current', unit: 'A', mean: 1.33, deviation: 0.02, decimals: 3 },
  { key: 'pressure', unit: 'bar', mean: 0.055, deviation: 0.01, decimals: 3 },
  { key: 'temp_motor', unit: '°C', mean: 71.2, deviation: 0.4, decimals: 2 },
  { key: 'temp_fluid', unit: '°C', mean: 24.6, deviation: 0.2, decimals: 2 },
  { key: 'voltage', unit: 'V', mean: 231, deviation: 1.5, decimals: 1 },
  { key: 'flow', unit: 'L/min', mean: 125, deviation: 2, decimals: 1 },
] as const;

export type TextFormat = 'NDJSON' | 'CSV';

/** One reading of all channels of a healthy machine. */
export function reading(random: () => number): number[] {
  return CHANNELS.map(({ mean, deviation }) => mean + deviation * gaussian(random));
}

export const CSV_HEADER = `ms,${CHANNELS.map(({ key }) => key).join(',')}\n`;

/** One reading as the device prints it. CSV needs CSV_HEADER before its first line. */
export function lineOf(values: readonly number[], timeMs: number, format: TextFormat): string {
  const texts = CHANNELS.map(({ decimals }, at) => (values[at] ?? 0).toFixed(decimals));
  if (format === 'CSV') return `${timeMs},${texts.join(',')}\n`;
  const fields = CHANNELS.map(({ key }, at) => `"${key}":${texts[at]}`);
  return `{"ms":${timeMs},${fields.join(',')}}\n`;
}

/** The first `lineCount` lines of the device. */
export function recording(lineCount: number, format: TextFormat, random: () => number): Buffer {
  const lines = Array.from({ length: lineCount }, (_, index) =>
    lineOf(reading(random), (index * 1000) / SAMPLE_RATE_HZ, format),
  );
  return Buffer.from((format === 'CSV' ? CSV_HEADER : '') + lines.join(''));
}
