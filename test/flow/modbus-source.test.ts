import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { ModbusLine, type ModbusSourceConfig } from '../../src/modbus-line.ts';
import { ModbusSource } from '../../src/modbus-source.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { Device } from '../../src/values/device.ts';
import type { Sample } from '../../src/values/sample.ts';
import { type Conduct, OddSlave, registerOf } from '../support/odd-slave.ts';

const PROFILE = `title: Test transmitter
source: the test
checked: device
channels:
  level: { register: 0, unit: m, range: [0, 65535] }
  flow: { register: 3, scale: 0.5, unit: l/s }
  far: { register: 300, unit: K, broken: [${registerOf(2, 300)}] }
`;

interface RigOptions {
  readonly units: readonly number[];
  /** Whether a third source asks a unit that is not there. */
  readonly hasDead?: boolean;
  readonly conduct?: (count: number, unit: number) => Conduct;
}

/** Sources for units 1 and 2 on one line over TCP, as through a transparent device server. */
async function startRig({ units, hasDead = false, conduct = () => 'right' }: RigOptions) {
  const sockets = new Set<Socket>();
  let slave: OddSlave | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    slave = new OddSlave({ units, conduct, send: (bytes) => void socket.write(bytes) });
    socket.on('data', (bytes) => slave?.hear(bytes)).on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const profile = join(await mkdtemp(join(tmpdir(), 'fieldnote-modbus-')), 'profile.yaml');
  await writeFile(profile, PROFILE);
  const configs = Object.entries(configOf(port, profile, hasDead));
  const realClock = systemClock(() => 0);
  let aheadMs = 0;
  const clock = { ...realClock, monoMs: () => realClock.monoMs() + aheadMs };
  const counters = new Counters();
  const line = new ModbusLine({
    source: 'one',
    configs: configs.map(([, config]) => config),
    clock,
    random: Math.random,
  });
  const samples: Sample[] = [];
  const devices: Device[] = [];
  const gaps: string[] = [];
  const sources = configs.map(([key, config]) => {
    return new ModbusSource({
      ...{ key, config, line, clock, counters, random: Math.random, log: createLog('error') },
      descriptorCache: { get: () => undefined, put: () => undefined },
      onSample: (sample) => samples.push(sample),
      onDevice: (device) => devices.push(device),
      onGap: (detail) => gaps.push(detail),
      ...{ onWaveform: () => undefined, onTime: () => undefined },
    });
  });
  for (const source of sources) source.start();
  const stop = async () => {
    await Promise.all(sources.map((source) => source.stop()));
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(stop);
  const stateOf = (key: string) => sources[configs.findIndex(([other]) => other === key)]?.state;
  const figuresOf = (key: string) => sources[configs.findIndex(([other]) => other === key)]?.figures;
  const of = (key: string) => samples.filter(({ source }) => source === key);
  const stuck = () => sources.map((source) => source.stuck);
  const jump = (ms: number) => {
    aheadMs += ms;
  };
  return { samples, devices, gaps, counters, stateOf, figuresOf, of, sockets, stop, stuck, jump };
}

function configOf(port: number, profile: string, hasDead: boolean): Record<string, ModbusSourceConfig> {
  const link = { type: 'tcp', host: '127.0.0.1', port };
  const modbus = { profile, every: '20ms', timeout: '500ms', framing: 'rtu' };
  const source = (unit: number) => ({ protocol: 'modbus', link, modbus: { ...modbus, unit } });
  const sources = { one: source(1), two: source(2), ...(hasDead && { dead: source(9) }) };
  const config = configSchema.parse({ site: 's', node: 'n', sources, assets: {} });
  return config.sources as Record<string, ModbusSourceConfig>;
}

describe('sources on a Modbus line', () => {
  test('give the values of their own unit, in their units', async () => {
    const rig = await startRig({ units: [1, 2] });
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(5);
    const near = rig.of('one').find(({ names }) => names.includes('level'));
    expect(near).toMatchObject({
      names: ['level', 'flow'],
      values: [registerOf(1, 0), registerOf(1, 3) / 2],
    });
    await expect.poll(() => rig.of('two').length).toBeGreaterThan(5);
    expect(rig.of('two').find(({ names }) => names.includes('level'))?.values[0]).toBe(registerOf(2, 0));
  });

  test('keep the same array of names from sample to sample', async () => {
    const rig = await startRig({ units: [1, 2] });
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(5);
    expect(new Set(rig.of('one').map(({ names }) => names)).size).toBe(2);
  });

  test('withhold what the device calls no value, and say what it would be', async () => {
    const rig = await startRig({ units: [1, 2] });
    await expect.poll(() => rig.of('two').some(({ names }) => names.includes('far'))).toBe(true);
    const far = rig.of('two').find(({ names }) => names.includes('far'));
    expect(far?.values).toEqual([Number.NaN]);
    expect([...(far?.refused ?? [])]).toEqual([['far', registerOf(2, 300)]]);
    expect(rig.counters.get('values_refused', 'two')).toBeGreaterThan(0);
  });

  test('describe themselves by their profile, once they answer', async () => {
    const rig = await startRig({ units: [1, 2] });
    await expect.poll(() => rig.devices.length).toBe(2);
    expect(rig.devices[0]).toMatchObject({ source: 'one', board: 'Test transmitter' });
    expect(rig.devices[0]?.channels.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'level m',
      'flow l/s',
      'far K',
    ]);
  });

  test('have a state and figures each: a dead one is seldom asked, the others go on', async () => {
    const rig = await startRig({ units: [1, 2], hasDead: true });
    await expect.poll(() => rig.stateOf('dead')).toMatch(/^waiting: unit 9: it does not answer/);
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(20);
    await expect.poll(() => [rig.stateOf('one'), rig.stateOf('two')]).toEqual(['open', 'open']);
    expect(rig.figuresOf('one')).toMatchObject({ unit: 1 });
    expect(rig.figuresOf('dead')).toMatchObject({ unit: 9, answered: 0 });
    expect(rig.figuresOf('dead')?.['requests']).toBeLessThan(4);
    expect(rig.counters.get('modbus_silent', 'dead')).toBeGreaterThan(0);
  });

  test('are read again after the line was lost', async () => {
    const rig = await startRig({ units: [1, 2] });
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(2);
    for (const socket of rig.sockets) socket.destroy();
    await expect.poll(() => rig.counters.get('link_lost', 'one')).toBe(1);
    const before = rig.of('one').length;
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(before + 2);
    expect(rig.stateOf('one')).toBe('open');
  });

  test('ask in parts what a device refuses as a whole', async () => {
    const rig = await startRig({ units: [1, 2], conduct: (count) => (count === 1 ? 'refused' : 'right') });
    await expect
      .poll(() => rig.of('one').filter(({ names }) => names[0] === 'flow').length)
      .toBeGreaterThan(1);
    expect(rig.of('one').every(({ names }) => names.length === 1)).toBe(true);
  });

  test('are stuck when their rounds stand still, and a dead one is not', async () => {
    const rig = await startRig({ units: [1, 2], hasDead: true });
    await expect.poll(() => rig.stateOf('dead')).toMatch(/^waiting: unit 9: it does not answer/);
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(5);
    expect(rig.stuck()).toEqual([undefined, undefined, undefined]);
    rig.jump(300_000);
    expect(rig.stuck().filter((why) => why !== undefined)).not.toEqual([]);
    const before = rig.of('one').length;
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(before + 2);
    await expect.poll(() => rig.stuck()).toEqual([undefined, undefined, undefined]);
  });

  test('end without leaving anything behind', async () => {
    const rig = await startRig({ units: [1, 2] });
    await expect.poll(() => rig.of('one').length).toBeGreaterThan(2);
    await rig.stop();
    const count = rig.samples.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(rig.samples).toHaveLength(count);
  });
});
