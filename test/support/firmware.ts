import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const BRIDGE = join(import.meta.dirname, '../../firmware-bridge');

/** Builds the Cortex-M3 example into a folder; needs gcc-arm-none-eabi. @returns its ELF */
export function buildCortexM3(folder: string): string {
  build(join(BRIDGE, 'examples/CortexM3/build.sh'), [folder]);
  return join(folder, 'CortexM3.elf');
}

/** Builds the Uno example and the emulator of its board into a folder; needs gcc-avr and libsimavr-dev. */
export function buildUnoPump(folder: string): { readonly elf: string; readonly emulator: string } {
  build(join(BRIDGE, 'ports/avr/build.sh'), [folder]);
  const emulator = join(folder, 'simavr_board');
  const source = join(BRIDGE, 'test/emulator/simavr_board.c');
  build('gcc', ['-O2', '-I/usr/include/simavr', source, '-o', emulator, '-lsimavr', '-lelf', '-lutil']);
  return { elf: join(folder, 'UnoPump.elf'), emulator };
}

/** Builds the device that is a program into a folder; needs gcc. @returns its path */
export function buildPosixDevice(folder: string): string {
  const path = join(folder, 'fieldnote-device');
  const sources = [join(BRIDGE, 'ports/posix/device.c'), ...globSync(join(BRIDGE, 'src/*.c'))];
  build('gcc', ['-std=c99', '-O2', `-I${join(BRIDGE, 'src')}`, ...sources, '-o', path]);
  return path;
}

/** @throws with what the compiler said */
function build(command: string, commandLine: readonly string[]): void {
  execFileSync(command, commandLine, { stdio: ['ignore', 'ignore', 'pipe'] });
}
