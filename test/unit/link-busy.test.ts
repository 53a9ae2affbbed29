import { describe, expect, test } from 'vitest';
import type { LinkHandlers, OpenLink } from '../../src/link/open-link.ts';
import { Link } from '../../src/link/reopening.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FieldnoteError } from '../../src/system/errors.ts';

const lost = () => new FieldnoteError('LINK_LOST', 'gone', {});

/** A device whose opening and closing end when the test says so. */
function slowDevice() {
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
    clock: systemClock(() => 0),
    random: () => 1,
    onBytes: idle,
    onState: ({ kind }) => states.push(kind),
  });
  return { reopening, link, states, opened, closed, lose: () => handlers?.onClose(lost()) };
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
});
