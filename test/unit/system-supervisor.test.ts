import { afterEach, describe, expect, test, vi } from 'vitest';
import { Supervisor } from '../../src/system/supervisor.ts';

const watched = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' };

function supervisorOf(env: Record<string, string>) {
  const told: string[] = [];
  const supervisor = new Supervisor({ env, pid: 7, load: () => (text) => void told.push(text) });
  return { supervisor, told };
}

function broken(): never {
  throw new Error('no such file');
}

afterEach(() => {
  vi.useRealTimers();
});

describe('Supervisor', () => {
  test('tells systemd that it is ready, lives and stops', () => {
    const { supervisor, told } = supervisorOf(watched);
    supervisor.ready();
    supervisor.status('watching\n2 sources');
    supervisor.alive();
    supervisor.stopping();
    expect(told).toEqual([
      'READY=1',
      'STATUS=watching 2 sources',
      'WATCHDOG=1',
      'STOPPING=1\nSTATUS=stopping',
    ]);
  });

  test('knows how long the watchdog waits', () => {
    expect(supervisorOf(watched).supervisor.watchdogMs).toBe(60_000);
  });

  test('leaves a watchdog alone that is meant for another process', () => {
    expect(supervisorOf({ ...watched, WATCHDOG_PID: '8' }).supervisor.watchdogMs).toBeUndefined();
  });

  test.each(['', 'soon', '-1', '0'])('takes "%s" for no watchdog', (usec) => {
    expect(supervisorOf({ ...watched, WATCHDOG_USEC: usec }).supervisor.watchdogMs).toBeUndefined();
  });

  test('loads nothing and tells nobody when no supervisor asks', () => {
    const supervisor = new Supervisor({ env: {}, pid: 7, load: broken });
    expect(() => supervisor.ready()).not.toThrow();
  });

  test('stops at once when the watchdog could never be fed', () => {
    expect(() => new Supervisor({ env: watched, pid: 7, load: broken })).toThrow(
      expect.objectContaining({
        code: 'NOTIFIER_UNAVAILABLE',
        message: expect.stringContaining('no such file'),
      }),
    );
  });

  test('goes on without the notifier when nobody watches', () => {
    const env = { NOTIFY_SOCKET: '/run/systemd/notify' };
    expect(() => new Supervisor({ env, pid: 7, load: broken }).ready()).not.toThrow();
  });

  test('asks for more time while it starts, and for no more afterwards', async () => {
    vi.useFakeTimers();
    const { supervisor, told } = supervisorOf(watched);
    const start = Promise.withResolvers<string>();
    const started = supervisor.starting('opening the store', start.promise);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(told).toEqual(Array(3).fill('STATUS=opening the store\nEXTEND_TIMEOUT_USEC=60000000'));
    start.resolve('agent');
    await expect(started).resolves.toBe('agent');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(3);
  });

  test('gives up asking when a start takes half an hour', async () => {
    vi.useFakeTimers();
    const { supervisor, told } = supervisorOf(watched);
    void supervisor.starting('opening the store', new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    const count = told.length;
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(told).toHaveLength(count);
  });
});
