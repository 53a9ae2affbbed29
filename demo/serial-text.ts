import { PUMP_CHANNELS, type PumpReading } from './pump.ts';

/** The pump's readings as the text that its microcontroller prints on the serial line, damage included. */

/** One reading as one line of JSON, `t` in seconds, each value with the decimals that its sensor gives. */
export function serialLine(reading: PumpReading): string {
  const fields = PUMP_CHANNELS.map(({ key, decimals }) => `"${key}":${reading[key].toFixed(decimals)}`);
  return `{"t":${reading.timeS.toFixed(3)},${fields.join(',')}}\n`;
}

/** What serial lines do to a line now and then; none of it leaves a wrong number that looks like a right one. */
const DAMAGES: readonly ((line: string, random: () => number) => string | Uint8Array)[] = [
  (line, random) => `${cut(line, random)}\n`, // bytes lost at the end
  (line, random) => cut(line, random), // and with them the line end: two lines run into one
  (line, random) => Buffer.from(line).map((byte) => (random() < 0.3 ? byte | 0x80 : byte)), // a wrong baud rate
  (line) => `E (I2C) timeout, retrying\n${line}`, // somebody left a debug print in
];

/** Damages a line in one of the ways above. Bytes, because the result need not be text. */
export function damage(line: string, random: () => number): Buffer {
  const way = DAMAGES[Math.floor(random() * DAMAGES.length)];
  return Buffer.from(way?.(line, random) ?? line);
}

/** What somebody sees who plugs in while a line is being sent: the rest of it. */
export function restOf(line: string, random: () => number): string {
  return line.slice(1 + Math.floor(random() * (line.length - 1)));
}

function cut(line: string, random: () => number): string {
  return line.slice(0, 1 + Math.floor(random() * (line.length - 3)));
}
