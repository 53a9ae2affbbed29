import { describe, expect, test } from 'vitest';
import { configurationOf } from '../../bench/configuration.ts';
import { CHANNELS, lineOf, recording } from '../../bench/device.ts';
import { seededRandom } from '../../demo/noise.ts';
import { configSchema } from '../../src/config/schema.ts';
import { LineDecoder } from '../../src/decode/text.ts';

const names = CHANNELS.map(({ key }) => key);

describe.each(['NDJSON', 'CSV'] as const)('the device in %s', (format) => {
  const decoded = new LineDecoder('mcu').decode(recording(50, format, seededRandom(1)), 0);

  test('sends lines that decode without noise', () => {
    expect(decoded.map(({ kind }) => kind)).toEqual(Array.from({ length: 50 }, () => 'sample'));
  });

  test('sends all channels, one line each 10 ms', () => {
    expect(decoded).toMatchObject([
      { names, deviceMs: 0 },
      { names, deviceMs: 10 },
      ...decoded.slice(2).map(() => ({ names })),
    ]);
  });

  test('repeats itself with the same seed', () => {
    expect(recording(5, format, seededRandom(1))).toEqual(recording(5, format, seededRandom(1)));
  });
});

describe('lineOf', () => {
  test('writes the decimals that the sensors give', () => {
    const values = [0.02712, 0.04, 1.3, 0.05, 71, 24.567, 231.04, 125];
    expect(lineOf(values, 120, 'CSV')).toBe('120,0.0271,0.0400,1.300,0.050,71.00,24.57,231.0,125.0\n');
  });
});

describe('configurationOf', () => {
  test('makes a configuration that the daemon takes', () => {
    const window = { rateHz: 10, length: '1500ms', step: '1s' };
    const options = {
      link: { type: 'unix', path: '/tmp/x.sock' },
      window,
      dataDir: '/tmp/x',
      brokerPort: 1883,
    } as const;
    const config = configSchema.parse(configurationOf(options));
    expect(Object.keys(config.assets['pump']?.channels ?? {})).toEqual(names);
  });
});
