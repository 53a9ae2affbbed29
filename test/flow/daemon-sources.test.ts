import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Machine } from '../support/machine.ts';
import { countOf, healthAt, reportAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';

const MIB = 1024 * 1024;
const nonsense = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 31 + (index >> 3)) % 256));

const GARBAGE: readonly { what: string; bytes: string | Uint8Array; counter: string }[] = [
  {
    what: 'text that is no data',
    bytes: 'ets Jul 29 2019 12:21:46\nrst:0x1 (POWERON)\n',
    counter: 'noise_unreadable',
  },
  { what: 'half a line', bytes: '{"ms":17,"vib":1.2,"ba\n', counter: 'noise_unreadable' },
  { what: 'binary bytes', bytes: nonsense, counter: 'noise_not-utf8' },
  {
    what: 'half a character',
    bytes: Buffer.from([...Buffer.from('{"vib":"'), 0xe2, 0x82, 0x0a]),
    counter: 'noise_not-utf8',
  },
  { what: 'a line of 10 MiB', bytes: `${'x'.repeat(10 * MIB)}\n`, counter: 'noise_line-too-long' },
  { what: 'NaN', bytes: '{"vib":NaN,"bar":5,"amps":12}\n', counter: 'noise_not-a-number' },
  {
    what: 'a number beyond all numbers',
    bytes: '{"vib":1e999,"bar":5,"amps":12}\n',
    counter: 'noise_not-a-number',
  },
  { what: 'a word for a number', bytes: '{"vib":"err","bar":5,"amps":12}\n', counter: 'noise_not-a-number' },
  { what: 'a thousand channels', bytes: `${channels(1000)}\n`, counter: 'noise_too-many-channels' },
];

describe.concurrent('the daemon and its sources', { timeout: 40_000 }, () => {
  test.for(GARBAGE)('counts $what, and reads the good lines after it', async ({ bytes, counter }) => {
    await using plant = await setUpPlant();
    const { broker, machine } = plant;
    await plant.startWatching();
    const before = await healthAt(broker, (health) => countOf(health, 'verdicts') > 0);
    expect(countOf(before, counter)).toBe(0);
    machine.send(bytes);
    const counted = await healthAt(broker, (health) => countOf(health, counter) > 0);
    const read = countOf(counted, 'samples_read');
    const after = await healthAt(broker, (health) => countOf(health, 'samples_read') > read + 50);
    expect(countOf(after, 'verdicts')).toBeGreaterThan(countOf(before, 'verdicts'));
    expect(countOf(after, 'link_lost')).toBe(0);
  });

  test('waits for a source that is not there, says what to do, and reads it when it comes', async () => {
    await using plant = await setUpPlant();
    const { broker, config, folder } = plant;
    const path = join(folder, 'not-yet.sock');
    const daemon = plant.start({
      ...config,
      sources: { mcu: { ...config.sources.mcu, link: { type: 'unix', path } } },
    });
    const { msg } = await daemon.logged(/not-yet/);
    expect(msg).toMatch(
      /^Cannot connect to .*not-yet\.sock: there is no such socket; start the program .*; trying again$/,
    );
    const waiting = await healthAt(broker, ({ sources }) => sources['mcu'] !== 'opening');
    expect(waiting.sources['mcu']).toMatch(/^waiting: Cannot connect/);
    expect(waiting.assets['pump']).toMatchObject({ phase: 'learning', learned: 0 });
    using _machine = new Machine(path);
    await daemon.logged(/^watching pump/);
  });

  test('watches by one source while the other is dead', async () => {
    await using plant = await setUpPlant();
    const { broker, config, folder, machine } = plant;
    const dead = { link: { type: 'unix', path: join(folder, 'dead.sock') } };
    const oven = { ...config.assets.pump, channels: { heat: { from: 'dead.heat', unit: '°C' } } };
    const daemon = plant.start({
      ...config,
      sources: { ...config.sources, dead },
      assets: { ...config.assets, oven },
    });
    await daemon.logged(/^watching pump/);
    machine.isFaulty = true;
    await reportAt(broker, ({ data }) => data.asset.key === 'pump');
    const { sources, assets } = await healthAt(broker, () => true);
    expect(sources).toEqual({ mcu: 'open', dead: expect.stringMatching(/^waiting: Cannot connect/) });
    expect(assets['oven']).toMatchObject({ phase: 'learning', learned: 0 });
  });

  test('reads a source again that was lost, and judges no window that was not measured', async () => {
    await using plant = await setUpPlant();
    const { broker, machine } = plant;
    const daemon = await plant.startWatching();
    machine.hangUp();
    await daemon.logged(/^Lost the connection to .*: the other side ended it; trying again/);
    const lost = daemon.log.length;
    await daemon.logged(/^source mcu is open/, lost);
    const { counters } = await healthAt(broker, () => true);
    const read = await healthAt(broker, () => true);
    await healthAt(broker, (health) => countOf(health, 'verdicts') > countOf(read, 'verdicts') + 20);
    expect(counters['incidents_opened']).toBeUndefined();
  });
});

function channels(count: number): string {
  return JSON.stringify(
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, index])),
  );
}
