import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Board, SUPPLY_V } from '../../demo/board.ts';
import { BridgeDecoder } from '../../src/decode/bridge/decoder.ts';
import type { Decoded, Sample } from '../../src/values/sample.ts';
import { root } from '../support/source-tree.ts';

const HEX = readFileSync(join(root, 'firmware-bridge/ports/avr/UnoPump.hex'), 'utf8');
const TURN_S = 0.01;

describe('emulated board with the firmware of the pump', () => {
  let board: Board;
  let sent: number[];
  let decoder: BridgeDecoder;

  beforeEach(() => powerOn(6));

  function powerOn(bootCount: number): void {
    sent = [];
    board = new Board({ hex: HEX, bootCount, onByte: (byte) => sent.push(byte) });
    decoder = new BridgeDecoder({ source: 'pump', send: (bytes) => board.receive(bytes) });
  }

  function run(seconds: number): Decoded[] {
    const endS = board.timeS + seconds;
    const decoded: Decoded[] = [];
    while (board.timeS < endS) {
      board.runUntil(board.timeS + TURN_S);
      decoded.push(...decoder.decode(Uint8Array.from(sent.splice(0)), 1000 * board.timeS));
    }
    return decoded;
  }

  const samplesOf = (decoded: readonly Decoded[]) =>
    decoded.filter((item): item is Sample => item.kind === 'sample');

  test('says who it is and hands out its description when it is asked', () => {
    const device = run(0.6).find(({ kind }) => kind === 'device');
    expect(device).toMatchObject({ board: 'Arduino Uno', firmware: 'UnoPump 1.0.0', resetCause: 'powerOn' });
  });

  test('counts its boots in the EEPROM', () => {
    expect(run(0.6).find(({ kind }) => kind === 'device')).toMatchObject({ bootId: 7 });
    powerOn(300);
    expect(run(0.6).find(({ kind }) => kind === 'device')).toMatchObject({ bootId: 301 });
  });

  test('measures what is at its inputs, to the 10 bits of the converter', () => {
    const volts = [0, 1, 2, 3, 4, 4.99];
    board.inputsV.splice(0, 6, ...volts);
    const fullScales = [25.6, 25.6, 10.24, 6.144, 409.6, 204.8];
    const offsets = [0, 0, 0, 0, 0, -40];
    const values = samplesOf(run(1)).at(-1)?.values ?? [];
    for (const [at, volt] of volts.entries()) {
      const fullScale = fullScales[at] ?? 0;
      const error = (values[at] ?? Number.NaN) - (offsets[at] ?? 0) - (volt / SUPPLY_V) * fullScale;
      expect(Math.abs(error)).toBeLessThanOrEqual(fullScale / 1024);
    }
  });

  test('samples 50 times a second of its time', () => {
    const samples = samplesOf(run(3));
    const timesMs = samples.map(({ deviceMs = Number.NaN }) => deviceMs);
    for (const [at, timeMs] of timesMs.entries()) expect(timeMs).toBeCloseTo((timesMs[0] ?? 0) + 20 * at, 6);
    expect(samples.length).toBeGreaterThan(120);
  });

  test('sends no faster than its baud rate', () => {
    const timesS: number[] = [];
    const timed = new Board({ hex: HEX, bootCount: 0, onByte: () => timesS.push(timed.timeS) });
    timed.runUntil(0.5);
    const gapsS = timesS.slice(1).map((timeS, at) => timeS - (timesS[at] ?? 0));
    const byteS = 10 / 117_647;
    expect(Math.min(...gapsS)).toBeGreaterThan(0.999 * byteS);
    expect(Math.min(...gapsS)).toBeLessThan(1.1 * byteS);
  });

  test('with wait states it has less to do in the same time, and nothing else changes', () => {
    const healthy = samplesOf(run(2)).map(({ deviceMs }) => deviceMs);
    powerOn(6);
    board.waitStates = 4;
    const slowed = samplesOf(run(2)).map(({ deviceMs }) => deviceMs);
    expect(slowed.slice(0, 60).map((timeMs) => (timeMs ?? 0) - (slowed[0] ?? 0))).toEqual(
      healthy.slice(0, 60).map((timeMs) => (timeMs ?? 0) - (healthy[0] ?? 0)),
    );
    expect(slowed.length).toBeGreaterThan(80);
  });
});

describe('firmware that is none', () => {
  test.each([
    ['text', 'hello'],
    ['a record that is too short', ':0400000001'],
    ['a wrong checksum', ':0100000001FF'],
    ['more than the flash memory holds', ':020000040001F9\n:02FFFE000102FE'],
  ])('%s is refused', (_, hex) => {
    expect(() => new Board({ hex, bootCount: 0, onByte() {} })).toThrow(RangeError);
  });
});
