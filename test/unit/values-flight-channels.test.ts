import { describe, expect, test } from 'vitest';
import { flightChannel, flightChannelPatterns, NUMBERED_MAX } from '../../src/values/flight-channels.ts';

describe('the vocabulary of flights', () => {
  test('knows each of its names, with a number where one belongs', () => {
    const named = flightChannelPatterns.map((pattern) => pattern.replace('#', '1'));
    expect(named.filter((name) => flightChannel(name) === undefined)).toEqual([]);
    expect(flightChannel('battery.cell12')).toEqual({ unit: 'V', quantity: 'value' });
    expect(flightChannel('vehicle.armed')).toEqual({ unit: '1', quantity: 'state' });
  });

  test('knows no name without its number, beyond the last number, or with another word', () => {
    const wrong = [
      'motor.#',
      'motor.',
      'motor.0',
      `motor.${NUMBERED_MAX + 1}`,
      'motor.01',
      'vibration.1',
      'toString',
    ];
    expect(wrong.filter((name) => flightChannel(name) !== undefined)).toEqual([]);
  });
});
