import { readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationOf } from '../../src/cli/found-source.ts';
import { init } from '../../src/cli/init.ts';
import { loadConfig } from '../../src/config/load.ts';
import { serialOpener } from '../../src/link/serial.ts';
import { crc16 } from '../../src/modbus/crc.ts';
import { type Probed, probePort } from '../../src/probe-port.ts';
import { systemClock } from '../../src/system/clock.ts';
import { BridgeDevice, PUMP_STREAMS } from '../support/bridge-device.ts';
import { secondOf } from '../support/nmea.ts';
import { type Pty, playDevice, startPty } from '../support/pty.ts';

/**
 * Who speaks on a port. A pseudo-terminal carries bytes at any rate alike, so that the first rate is always right here: that
 * bytes of a wrong rate are not believed is shown with bytes as such a line makes them.
 */

/** What a person waits for a port at most, on a machine that keeps up; the busy ones of CI get twice that. */
const PROBE_MS_MAX = 10_000;

type Device = ReturnType<typeof playDevice>;

async function probe(name: string, play: (device: Device) => () => void): Promise<Probed> {
  const pty: Pty = await startPty();
  const device = playDevice(pty);
  const stop = play(device);
  const startMs = performance.now();
  try {
    const probed = await probePort({ path: pty.portPath, clock: systemClock(() => 0) });
    const tookMs = performance.now() - startMs;
    console.log(`${name}: ${probed.protocol ?? 'nothing'} found in ${(tookMs / 1000).toFixed(1)} s`);
    expect(tookMs).toBeLessThan(2 * PROBE_MS_MAX);
    return probed;
  } finally {
    stop();
    device.destroy();
    await pty.kill();
  }
}

function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}

test('NMEA 0183 once a second is found', async () => {
  const probed = await probe('NMEA', (device) =>
    every(1000, () => device.write(secondOf(Date.UTC(2027, 0, 1)))),
  );
  expect(probed).toMatchObject({ protocol: 'nmea', link: { baudRate: 115_200 } });
  expect(probed.channels).toContain('gnss.satellites');
}, 60_000);

test('lines of text are found, with the names of their channels', async () => {
  const probed = await probe('text', (device) => every(50, () => device.write('{"vib":0.5,"temp":41.2}\n')));
  expect(probed).toMatchObject({ protocol: 'text', channels: ['vib', 'temp'] });
}, 60_000);

test('a board of firmware-bridge is found', async () => {
  const board = new BridgeDevice({ streams: PUMP_STREAMS });
  const probed = await probe('firmware-bridge', (device) => {
    device.on('data', (bytes: Buffer) => {
      for (const frame of board.receive(bytes, 0)) device.write(frame);
    });
    return every(100, () => device.write(board.hello()));
  });
  expect(probed.protocol).toBe('bridge');
}, 60_000);

test('a Modbus device that waits to be asked is found by a read, and no other function is ever sent', async () => {
  const functions = new Set<number>();
  const probed = await probe('Modbus', (device) => {
    device.on('data', (bytes: Buffer) => {
      if (bytes.length !== 8 || crc16(bytes, 0, 6) !== bytes.readUInt16LE(6)) return;
      functions.add(bytes[1] ?? 0);
      if (bytes[0] !== 2) return;
      const reply = Buffer.from([2, 3, 2, 0x12, 0x34, 0, 0]);
      reply.writeUInt16LE(crc16(reply, 0, 5), 5);
      device.write(reply);
    });
    return () => undefined;
  });
  expect(probed).toMatchObject({ protocol: 'modbus', unit: 2 });
  expect([...functions]).toEqual([3]);
}, 60_000);

test('a silent port is silent', async () => {
  expect(await probe('silence', () => () => undefined)).toMatchObject({ protocol: undefined, sizeBytes: 0 });
}, 60_000);

test('bytes as a wrong rate makes them are taken for nothing', async () => {
  // At a rate too high one bit covers several: long runs of the same bits.
  const smeared = Buffer.from([0x00, 0xf8, 0x80, 0x00, 0xfe, 0xe0, 0x00, 0x78, 0xff, 0x06, 0x86, 0x98]);
  const probed = await probe('a wrong rate', (device) => every(20, () => device.write(smeared)));
  expect(probed.protocol).toBeUndefined();
  expect(probed.sizeBytes).toBeGreaterThan(0);
}, 60_000);

test('a port that another program has locked is not opened', async () => {
  const pty = await startPty();
  const held = await serialOpener({
    ...{ type: 'serial', path: pty.portPath, baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
  })({ onBytes() {}, onClose() {} }, new AbortController().signal);
  await expect(probePort({ path: pty.portPath, clock: systemClock(() => 0) })).rejects.toThrow('in use');
  await held.close();
  await pty.kill();
}, 60_000);

test('what init writes of it is a good configuration', () => {
  const path = `/tmp/fieldnote-init-${process.pid}.yaml`;
  const link = {
    type: 'serial',
    path: '/dev/ttyUSB0',
    baudRate: 9600,
    dataBits: 8,
    parity: 'none',
    stopBits: 1,
  } as const;
  const probed: Probed = { protocol: 'text', link, channels: ['vib', 'temp'], unit: undefined, sizeBytes: 1 };
  try {
    init(path, configurationOf([{ probed, bestPath: '/dev/ttyUSB0' }]));
    const { config } = loadConfig(path);
    expect(config.sources['mcu']).toMatchObject({ protocol: 'text', link: { baudRate: 9600 } });
    expect(readFileSync(path, 'utf8')).toContain('vib: { from: "mcu.vib", unit: "?" }');
  } finally {
    rmSync(path, { force: true });
  }
});
