import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Board, CLOCK_HZ } from '../demo/board.ts';
import type { Bench } from './part.ts';
import type { Row } from './row.ts';

/** The C library on an ATmega328P: its size in the pump example, and its cycles as the emulated chip counts them. */

const ROOT = join(import.meta.dirname, '../firmware-bridge');
const BUDGET = { flashSizeBytes: 3000, ramSizeBytes: 400 } as const;
/** The context, its configuration, the ring, the receive buffer and the stream with its batch. */
const RAM_SYMBOLS = /^_ZL(?:6device|6config|4ring|8received|4pump|5batch)$/;
/** Of one byte on the wire at 115200 baud. */
const BYTE_CYCLES = CLOCK_HZ / 11_520;
/** The cycles program is done long before. */
const CYCLES_PROGRAM_S = 5;

/** @param sampleSizeBytes of six 16-bit values on the wire, in batches of 16 */
export async function measureLibrary(bench: Bench, sampleSizeBytes: number): Promise<Row[]> {
  if (spawnSync('avr-gcc', ['--version']).status !== 0) {
    bench.say('the C library needs avr-gcc: apt-get install gcc-avr avr-libc');
    return [];
  }
  bench.say('the C library, with avr-gcc');
  const folder = join(bench.temporaryFolder, 'avr');
  run(join(ROOT, 'ports/avr/build.sh'), folder);
  return [...sizeRows(folder), ...cyclesRows(folder, sampleSizeBytes)];
}

function sizeRows(folder: string): Row[] {
  const objects = globSync(join(folder, 'fieldnote_*.o'));
  const own = new Set(symbolsOf(objects).map(({ name }) => name));
  const linked = symbolsOf([join(folder, 'UnoPump.elf')]);
  const isRam = ({ type, name }: LinkedSymbol) => /[bBdD]/.test(type) && RAM_SYMBOLS.test(name);
  const isFlash = ({ type, name }: LinkedSymbol) => /[tTrRdD]/.test(type) && own.has(name);
  const row = (name: string, isPart: (symbol: LinkedSymbol) => boolean, budget: number): Row => ({
    name: `C library on ATmega328P, ${name}`,
    value: linked.filter(isPart).reduce((sum, { size }) => sum + size, 0),
    unit: 'B',
    baseline: budget,
    note: 'in the pump example; bare: its budget',
  });
  return [row('flash', isFlash, BUDGET.flashSizeBytes), row('RAM', isRam, BUDGET.ramSizeBytes)];
}

interface LinkedSymbol {
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

/** Symbols with a size; the object files have their names in C as the linked program has. */
function symbolsOf(files: readonly string[]): LinkedSymbol[] {
  return run('avr-nm', '-S', '-t', 'd', ...files)
    .split('\n')
    .map((line) => line.split(' '))
    .filter((parts) => parts.length === 4)
    .map(([, size = '', type = '', name = '']) => ({ name, type, size: Number(size) }));
}

/** `firmware-bridge/test/avr/cycles.cpp` prints lines of name, number, `cycles`. */
function cyclesRows(folder: string, sampleSizeBytes: number): Row[] {
  const [elf, hex] = [join(folder, 'cycles.elf'), join(folder, 'cycles.hex')];
  const objects = globSync(join(folder, 'fieldnote_*.o'));
  const options = ['-std=gnu++11', '-mmcu=atmega328p', '-DF_CPU=16000000UL', '-Os', `-I${join(ROOT, 'src')}`];
  const link = ['-Wl,--gc-sections,--relax', '-o', elf];
  run('avr-g++', ...options, join(ROOT, 'test/avr/cycles.cpp'), ...objects, ...link);
  run('avr-objcopy', '-O', 'ihex', '-R', '.eeprom', elf, hex);
  let text = '';
  const onByte = (byte: number) => {
    text += String.fromCharCode(byte);
  };
  new Board({ hex: readFileSync(hex, 'utf8'), bootCount: 0, onByte }).runUntil(CYCLES_PROGRAM_S);
  const row = (name: string, figure: string, sizeBytes: number): Row => ({
    name: `C library on ATmega328P, ${name}`,
    value: Number(new RegExp(`${figure} (\\d+) cycles`).exec(text)?.[1] ?? Number.NaN),
    unit: 'cycles',
    baseline: sizeBytes * BYTE_CYCLES,
    note: 'bare: as long as it is on the wire at 115200 baud and 16 MHz',
  });
  return [
    row('sample of 6 × int16', 'avr_cycles_per_sample_6xi16', sampleSizeBytes),
    row('frame of 16 samples', 'avr_cycles_per_frame_of_16', 16 * sampleSizeBytes),
    row('byte taken', 'avr_cycles_per_byte_taken', 1),
  ];
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}
