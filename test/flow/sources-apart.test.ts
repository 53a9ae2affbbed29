import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { source as sourceSchema } from '../../src/config/source.ts';
import { SourceReader } from '../../src/source.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import type { Sample } from '../../src/values/sample.ts';
import { newPath, startSocketDevice } from '../support/socket-device.ts';

const UNTIL = { timeout: 20_000, interval: 10 };

async function socket(onConnect: Parameters<typeof startSocketDevice>[1]): Promise<string> {
  const path = await newPath('device');
  const device = await startSocketDevice({ path }, onConnect);
  onTestFinished(() => device.stop());
  return path;
}

function reader(key: string, path: string) {
  const samples: Sample[] = [];
  const source = new SourceReader({
    ...{ key, clock: systemClock(() => 1), random: () => 0.5, counters: new Counters() },
    config: sourceSchema.parse({ link: { type: 'unix', path }, protocol: 'text', silenceTimeout: '1s' }),
    log: pino({ level: 'silent' }),
    descriptorCache: { get: () => undefined, put() {} },
    onSample: (sample) => samples.push(sample),
    onDevice() {},
    onGap() {},
    onWaveform() {},
    onTime() {},
  });
  source.start();
  onTestFinished(() => source.stop());
  return { source, samples };
}

test('a dead, a mute and a slow source delay no other, and each has its own state', async () => {
  const talk =
    (ms: number) => (peer: { write(text: string): unknown; on(name: 'close', act: () => void): unknown }) => {
      const timer = setInterval(() => peer.write('a:1\n'), ms);
      peer.on('close', () => clearInterval(timer));
    };
  const dead = reader('dead', await newPath('nobody'));
  const mute = reader('mute', await socket(() => undefined));
  const slow = reader('slow', await socket(talk(400)));
  const good = reader('good', await socket(talk(5)));

  await vi.waitFor(
    () => expect(mute.source.state).toMatch(/^waiting: .*mute is open but sent nothing/),
    UNTIL,
  );
  const before = good.samples.length;
  await vi.waitFor(() => expect(good.samples.length).toBeGreaterThan(before + 50), UNTIL);
  await vi.waitFor(() => expect(slow.samples.length).toBeGreaterThan(3), UNTIL);
  expect(dead.source.state).toMatch(/^waiting: Cannot connect/);
  expect(slow.source.state).toBe('open');
  expect(good.source.state).toBe('open');
  expect([dead, mute].map(({ samples }) => samples.length)).toEqual([0, 0]);
});
