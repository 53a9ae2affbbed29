import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Board } from '../support/board.ts';
import { DeviceRig } from '../support/device-rig.ts';
import { buildUnoPump } from '../support/firmware.ts';
import { needsCommand } from '../support/needs.ts';

const hasPrograms = [
  needsCommand('mosquitto'),
  needsCommand('simavr', 'simavr libsimavr-dev libelf-dev'),
  needsCommand('avr-gcc', 'gcc-avr avr-libc'),
].every(Boolean);

const SECONDS = 60;
const SAMPLE_RATE_HZ = 50;
const RATE_ERROR_MAX_PPM = 50;

describe.runIf(hasPrograms)('firmware on an ATmega328P, byte by byte at 115200 baud', () => {
  test(`is heard for ${SECONDS} s without a bad frame or a loss, and its clock is known`, async () => {
    await using rig = await DeviceRig.setUp();
    const { elf, emulator } = buildUnoPump(rig.folder);
    rig.start();
    rig.use(new Board(emulator, [elf, '--pty', rig.portPath, '--eeprom', join(rig.folder, 'eeprom')]));
    await rig.bootId();
    const startedMs = performance.now();
    await rig.samples(SECONDS * SAMPLE_RATE_HZ, 2 * SECONDS * 1000);
    const seconds = (performance.now() - startedMs) / 1000;

    const { rateErrorPpm = Number.NaN, errorMs = Number.NaN, spanMs = 0 } = rig.timing ?? {};
    console.log(`uno_samples_per_second ${(rig.count('samples_read') / seconds).toFixed(2)} samples/s`);
    console.log(`uno_rate_error ${rateErrorPpm.toFixed(1)} ppm over ${(spanMs / 1000).toFixed(1)} s`);
    console.log(`uno_clock_error ${errorMs.toFixed(3)} ms`);
    expect(rig.faults).toEqual({});
    expect(Math.abs(rateErrorPpm)).toBeLessThan(RATE_ERROR_MAX_PPM);
    expect(spanMs).toBeGreaterThan((SECONDS - 2) * 1000);
    expect(errorMs).toBeGreaterThanOrEqual(0);
  }, 150_000);
});
