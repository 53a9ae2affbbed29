import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Bus } from '../../src/modbus/bus.ts';
import { rtu } from '../../src/modbus/framing.ts';
import { profileSchema } from '../../src/modbus/profile.ts';
import { blocksOf, placedChannels } from '../../src/modbus/registers.ts';
import { Slave, type SlaveState } from '../../src/modbus/slave.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { type Conduct, OddSlave } from '../support/odd-slave.ts';

const EVERY_MS = 1000;
const ANSWER_MS = 300;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** Units on one line, each read every second, in time that passes at once. */
function rigOf(units: readonly number[], conduct: (count: number, unit: number) => Conduct) {
  const clock = { ...recordingClock(), monoMs: () => Date.now() };
  const odd = new OddSlave({ units, conduct, send: (bytes) => bus.hear(bytes, clock.monoMs()) });
  const bus: Bus = new Bus({
    ...{ framing: rtu, clock, send: (frame) => odd.hear(frame) },
    timing: { characterMs: 1, pauseMs: 2, settleMs: 50 },
  });
  bus.open();
  const profile = profileSchema.parse({
    ...{ title: 'a', source: 'b', checked: 'device', channels: { a: { register: 0 }, b: { register: 5 } } },
  });
  const states: SlaveState[] = [];
  const values = new Map<number, number>();
  const slaves = units.map((unit) => {
    return new Slave({
      ...{ unit, blocks: blocksOf(placedChannels(profile), profile), everyMs: EVERY_MS, answerMs: ANSWER_MS },
      ...{ clock, random: () => 0.5, onFailure: () => undefined, onState: (state) => states.push(state) },
      onValues: () => values.set(unit, (values.get(unit) ?? 0) + 1),
    });
  });
  for (const slave of slaves) slave.start(bus);
  return { odd, slaves, states, of: (unit: number) => values.get(unit) ?? 0 };
}

describe('a device on a Modbus line', () => {
  test('is read once in each round', async () => {
    const rig = rigOf([1, 2], () => 'right');
    await vi.advanceTimersByTimeAsync(10 * EVERY_MS - 100);
    expect([rig.of(1), rig.of(2)]).toEqual([10, 10]);
    expect(rig.states).toEqual([
      { kind: 'answering', awayMs: undefined },
      { kind: 'answering', awayMs: undefined },
    ]);
  });

  test('is away after three failures in a row, not after two', async () => {
    const rig = rigOf([1], (count) => (count > 5 && count < 8 ? 'silent' : 'right'));
    await vi.advanceTimersByTimeAsync(20 * EVERY_MS);
    expect(rig.states).toHaveLength(1);
    expect(rig.slaves[0]?.figures).toMatchObject({ silent: 2, failures: 0 });
  });

  test('is probed seldom while it is away, and read as before when it is back', async () => {
    const rig = rigOf([1], (count) => (count > 5 && count < 12 ? 'silent' : 'right'));
    await vi.advanceTimersByTimeAsync(20 * EVERY_MS);
    expect(rig.odd.requests).toBeLessThan(12);
    await vi.advanceTimersByTimeAsync(300 * EVERY_MS);
    expect(rig.states.map(({ kind }) => kind)).toEqual(['answering', 'away', 'answering']);
    expect(rig.states[2]).toMatchObject({ awayMs: expect.any(Number) });
    expect(rig.of(1)).toBeGreaterThan(150);
  });

  test('costs the others no round while it is away', async () => {
    const rig = rigOf([1, 2, 3, 4], (_, unit) => (unit > 2 ? 'silent' : 'right'));
    await vi.advanceTimersByTimeAsync(120 * EVERY_MS);
    expect(rig.of(1)).toBeGreaterThanOrEqual(118);
    expect(rig.of(2)).toBeGreaterThanOrEqual(118);
    expect(rig.slaves[3]?.figures.requests).toBeLessThan(12);
  });

  test('that refuses is there all the same', async () => {
    const rig = rigOf([1], () => 'exception');
    await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
    expect(rig.states).toEqual([{ kind: 'answering', awayMs: undefined }]);
    expect(rig.slaves[0]?.figures).toMatchObject({ answered: 0, silent: 0 });
    expect(rig.slaves[0]?.figures.exceptions).toBeGreaterThan(8);
  });

  test('is not stuck while it answers, while it does not, and after it was stopped', async () => {
    const rig = rigOf([1, 2], (_, unit) => (unit === 2 ? 'silent' : 'right'));
    for (let minute = 0; minute < 60; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      expect(rig.slaves.map(({ stuck }) => stuck)).toEqual([undefined, undefined]);
    }
    const stopped = Promise.all(rig.slaves.map((slave) => slave.stop()));
    await vi.advanceTimersByTimeAsync(1000);
    await stopped;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(rig.slaves.map(({ stuck }) => stuck)).toEqual([undefined, undefined]);
  });

  test('is stuck when its next round does not begin, until it does', async () => {
    const rig = rigOf([1], () => 'right');
    await vi.advanceTimersByTimeAsync(1.5 * EVERY_MS);
    // Time passes, and no timer comes.
    vi.setSystemTime(Date.now() + 30_000);
    expect(rig.slaves[0]?.stuck).toBeUndefined();
    vi.setSystemTime(Date.now() + 2000);
    expect(rig.slaves[0]?.stuck).toMatch(/^is 3[12] s late with its round$/);
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(rig.slaves[0]?.stuck).toBeUndefined();
  });

  test('ends at once, whatever it waits for', async () => {
    const rig = rigOf([1], () => 'silent');
    await vi.advanceTimersByTimeAsync(20 * EVERY_MS);
    const requests = rig.odd.requests;
    const stopped = rig.slaves[0]?.stop();
    await vi.advanceTimersByTimeAsync(ANSWER_MS + 100);
    await stopped;
    await vi.advanceTimersByTimeAsync(300 * EVERY_MS);
    expect(rig.odd.requests).toBeLessThanOrEqual(requests + 1);
  });
});
