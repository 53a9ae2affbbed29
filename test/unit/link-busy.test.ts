import { describe, expect, test } from 'vitest';
import type { LinkHandlers, OpenLink } from '../../src/link/open-link.ts';
import { Link } from '../../src/link/reopening.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FieldnoteError } from '../../src/system/errors.ts';

const lost = () => new FieldnoteError('LINK_LOST', 'gone', {});

/** A device whose opening and closing end when the test says so. */
function slowDevice() {
  let aheadMs = 0;
  const clock = systemClock(() => 0);
  const opened = Promise.withResolvers<OpenLink>();
  const closed = Promise.withResolvers<void>();
  let handlers: LinkHandlers | undefined;
  const idle = () => undefined;
  const link: OpenLink = {
    isLive: false,
    pause: idle,
    resume: idle,
    write: idle,
    close: () => closed.promise,
  };
  const states: string[] = [];
  const reopening = new Link({
    source: 'mcu',
    open: (given) => {
      handlers = given;
      return opened.promise;
    },
    silenceTimeoutMs: 1000,
    clock: { ...clock, monoMs: () => clock.monoMs() + aheadMs },
    random: () => 1,
    onBytes: idle,
    onState: ({ kind }) => states.push(kind),
  });
  const lose = () => handlers?.onClose(lost());
  const wait = (ms: number) => {
    aheadMs += ms;
  };
  return { reopening, link, states, opened, closed, lose, wait };
}

describe('a link that stands still', () => {
  test('is busy from the beginning of its opening until it is open', async () => {
    const { reopening, link, states, opened } = slowDevice();
    expect(reopening.busySinceMs).toBeUndefined();
    reopening.start();
    expect(reopening.busySinceMs).toBeGreaterThan(0);
    opened.resolve(link);
    await expect.poll(() => states).toEqual(['open']);
    expect(reopening.busySinceMs).toBeUndefined();
  });

  test('is not busy while it waits until it may try again', async () => {
    const { reopening, states, opened } = slowDevice();
    reopening.start();
    opened.reject(lost());
    await expect.poll(() => states).toEqual(['waiting']);
    expect(reopening.busySinceMs).toBeUndefined();
    await reopening.stop();
  });

  test('is busy as long as it does not close', async () => {
    const { reopening, link, states, opened, closed, lose } = slowDevice();
    reopening.start();
    opened.resolve(link);
    await expect.poll(() => states).toEqual(['open']);
    lose();
    await expect.poll(() => reopening.busySinceMs).toBeGreaterThan(0);
    closed.resolve();
    await expect.poll(() => states).toEqual(['open', 'waiting']);
    expect(reopening.busySinceMs).toBeUndefined();
    await reopening.stop();
  });

  test('is stuck when it has opened or closed for half a minute, and for no other reason', async () => {
    const { reopening, link, states, opened, closed, lose, wait } = slowDevice();
    wait(3_600_000);
    expect(reopening.stuck).toBeUndefined();
    reopening.start();
    wait(25_000);
    expect(reopening.stuck).toBeUndefined();
    wait(10_000);
    expect(reopening.stuck).toMatch(/^opens or closes for 35 s$/);
    opened.resolve(link);
    await expect.poll(() => states).toEqual(['open']);
    wait(3_600_000);
    expect(reopening.stuck).toBeUndefined();
    lose();
    await expect.poll(() => reopening.busySinceMs).toBeGreaterThan(0);
    wait(35_000);
    expect(reopening.stuck).toMatch(/^opens or closes for/);
    closed.resolve();
    await expect.poll(() => reopening.stuck).toBeUndefined();
    await reopening.stop();
  });
});
