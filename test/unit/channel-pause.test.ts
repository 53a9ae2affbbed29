import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChannelPause } from '../../src/channel-pause.ts';

function pauseAfter(...values: readonly number[]): ChannelPause {
  const pause = new ChannelPause({ from: 'fc.heartbeat.armed', above: 0.5 });
  for (const value of values) push(pause, { armed: value });
  return pause;
}

function push(pause: ChannelPause, { source = 'fc', armed = 0 }): void {
  const names = ['heartbeat.mode', 'heartbeat.armed'];
  pause.push({ kind: 'sample', source, monoMs: 0, deviceMs: undefined, names, values: [7, armed] });
}

describe('a channel that holds work back', () => {
  test('does so while it is over its limit, and says its value', () => {
    expect(pauseAfter(0, 1).reason).toBe('fc.heartbeat.armed is 1, over 0.5');
  });

  test('lets it go on when it is not', () => {
    expect(pauseAfter(1, 0).reason).toBeUndefined();
  });

  test('does so before it has said anything, as after a restart in flight', () => {
    expect(pauseAfter().reason).toBe('fc.heartbeat.armed has said nothing yet');
  });

  test('keeps its last value when a sample has none', () => {
    const pause = pauseAfter(1, Number.NaN);
    const other = { monoMs: 0, deviceMs: undefined, names: ['heartbeat.mode'], values: [7] };
    pause.push({ kind: 'sample', source: 'fc', ...other });
    expect(pause.reason).toContain('is 1');
    expect(pauseAfter(0, Number.NaN).reason).toBeUndefined();
  });

  test('does not listen to a channel of the same name elsewhere', () => {
    const pause = pauseAfter(1);
    push(pause, { source: 'fc2', armed: 0 });
    expect(pause.reason).toContain('is 1');
  });

  test('tells that it has ended, once', () => {
    let count = 0;
    const pause = new ChannelPause({ from: 'fc.heartbeat.armed', above: 0.5 }, () => {
      count += 1;
    });
    for (const armed of [0, 1, 1, 0, 0]) push(pause, { source: 'fc', armed });
    expect(count).toBe(1);
  });

  test('is over its threshold only while it is heard of: a silent one holds up no reports', () => {
    expect(pauseAfter().isOver(0)).toBe(false);
    expect(pauseAfter(0).isOver(0)).toBe(false);
    expect(pauseAfter(1).isOver(59_000)).toBe(true);
    expect(pauseAfter(1).isOver(60_000)).toBe(false);
  });

  test('goes by the last value alone', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
        expect(pauseAfter(...values).reason === undefined).toBe((values.at(-1) ?? 0) <= 0.5);
      }),
    );
  });
});
