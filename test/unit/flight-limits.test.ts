import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LimitWatch, type LimitWatchOptions } from '../../src/judge/flight/limit-watch.ts';
import { PUBLISHED_LIMITS } from '../../src/judge/flight/published-limits.ts';
import { flightChannel } from '../../src/values/flight-channels.ts';
import type { FlightSample, LimitFinding } from '../../src/values/flight-finding.ts';
import { type MadeFlight, madeFlight } from '../support/made-flight.ts';

const watch = (samples: readonly FlightSample[], options: LimitWatchOptions = {}): LimitFinding[] => {
  const limits = new LimitWatch(options);
  return samples.flatMap((sample) => limits.push(sample));
};
const flown = (at: MadeFlight['at'], options: LimitWatchOptions = {}, durationMs = 30_000) =>
  watch(madeFlight({ durationMs, ...(at === undefined ? {} : { at }) }), options);

/** From the fifth second to before the twentieth, so much. */
const while15s =
  (values: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>) => (ms: number) =>
    ms >= 5000 && ms < 20_000 ? values : before;

describe('a published limit', () => {
  test.each([
    ['vibration', 'vibration.y', 35, 5, 2000],
    ['vibration-high', 'vibration.z', 70, 5, 2000],
    ['clipping', 'vibration.clips', 1101, 1000, 1000],
    ['ekf-variance', 'ekf.compass', 0.9, 0.1, 1000],
    ['attitude-error', 'attitude.pitch', -40, 0, 2000],
    ['gnss-dilution', 'gnss.hdop', 2.5, 0.7, 5000],
    ['gnss-satellites', 'gnss.satellites', 5, 14, 5000],
    ['cell-low', 'battery.cell2', 3.4, 3.9, 10_000],
    ['esc-temperature', 'esc.3.temperature', 150, 60, 1000],
    ['board-voltage-low', 'power.board', 4.2, 5.1, 1000],
    ['board-voltage-high', 'power.board', 5.9, 5.1, 1000],
  ])(
    '%s is passed by %s = %d after its time, and closes when it is back',
    (rule, channel, beyond, within, holdMs) => {
      const base = { 'attitude.rollDemand': 0, 'attitude.pitchDemand': 0, 'battery.cell1': 3.45 + 0.1 };
      const at = while15s({ ...base, [channel]: beyond }, { ...base, [channel]: within });
      const found = flown(at, {}, 40_000).filter((finding) => finding.rule === rule);
      expect(found.map(({ event }) => event)).toEqual(['opened', 'closed']);
      expect(found[0]).toMatchObject({
        channel,
        sinceMs: 6000,
        timeMs: 6000 + holdMs,
        source: { url: expect.any(String) },
      });
      expect(found[1]?.timeMs).toBe(21_000 + holdMs);
    },
  );

  test('tells the value, the worst of it and the limit, in the unit of the channel', () => {
    const at = (ms: number) => ({ 'vibration.x': ms < 5000 ? 10 : ms === 5500 ? 50 : 40 });
    expect(flown(at)).toMatchObject([{ value: 40, worst: 50, limit: 30, unit: 'm/s2', direction: 'above' }]);
  });

  test('is not passed by what is too short', () => {
    const at = (ms: number) => ({
      'vibration.x': ms % 2000 < 1900 ? 55 : 10,
      'gnss.hdop': ms === 5000 ? 99 : 0.7,
    });
    expect(flown(at)).toEqual([]);
  });

  test('does not carry the worst of an earlier moment', () => {
    const at = (ms: number) => ({ 'vibration.x': ms === 5000 ? 500 : ms < 8000 ? 10 : 40 });
    expect(flown(at)).toMatchObject([{ worst: 40 }]);
  });

  test('means nothing on the ground where it is about flying', () => {
    const ground = { 'vehicle.landed': 1, 'vehicle.altitude': 0 };
    const at = () => ({
      ...ground,
      'vibration.x': 90,
      'ekf.height': 2,
      'gnss.satellites': 0,
      'power.board': 4,
    });
    expect(flown(at).map(({ rule }) => rule)).toEqual(['board-voltage-low']);
  });

  test('counts the clips of this flight only', () => {
    expect(flown(() => ({ 'vibration.clips': 5000 }))).toEqual([]);
    expect(flown((ms) => ({ 'vibration.clips': 5000 + ms / 100 }))).toMatchObject([
      { rule: 'clipping', value: 111 },
    ]);
  });

  test('holds for the mean cell where only the battery is measured and its cells are known', () => {
    const at = () => ({ 'battery.voltage': 10.2 });
    expect(flown(at)).toEqual([]);
    expect(flown(at, { cells: 3 })).toMatchObject([{ rule: 'cell-low', channel: 'battery.voltage' }]);
  });

  test('names the cell that lags behind the best one', () => {
    const at = () => ({ 'battery.cell1': 4.0, 'battery.cell2': 3.75, 'battery.cell3': 3.9 });
    expect(flown(at)).toMatchObject([{ rule: 'cell-spread', channel: 'battery.cell2' }]);
  });
});

describe('the rules', () => {
  test('are about channels of the vocabulary, and each says who says so', () => {
    for (const { channels, source, holdMs } of PUBLISHED_LIMITS) {
      expect(channels.filter((channel) => flightChannel(channel) === undefined)).toEqual([]);
      expect(source.url).toMatch(/^https:/);
      expect(holdMs).toBeGreaterThan(0);
    }
  });

  test('open and close in turn, whatever comes', () => {
    const value = fc.double({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        const events = new Map<string, string[]>();
        const at = (ms: number) => ({
          'vibration.x': values[ms / 1000] ?? Number.NaN,
          'gnss.hdop': values[ms / 1000] ?? 0,
        });
        const flight = madeFlight({ durationMs: values.length * 1000, stepMs: 1000, at });
        for (const { rule, event } of watch(flight)) events.set(rule, [...(events.get(rule) ?? []), event]);
        for (const told of events.values())
          expect(told).toEqual(told.map((_, index) => (index % 2 === 0 ? 'opened' : 'closed')));
      }),
    );
  });
});
