import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { definition } from '../protocol/definition.ts';
import { encodeCbor } from './cbor.ts';
import { crc32c } from './crc32c.ts';
import {
  type Description,
  descriptorOf,
  type FieldDescription,
  readDescription,
  type StreamDescription,
  sampleSizeOf,
} from './description.ts';

/**
 * Makes descriptor.h from descriptor.json: the CBOR bytes for the host, and for the sketch one struct per stream.
 *
 *   node tools/descriptor.ts examples/MyBoard/descriptor.json          writes descriptor.h beside it
 *   node tools/descriptor.ts --check examples/MyBoard/descriptor.json  fails when descriptor.h is stale
 */
export function descriptorHeader(description: Description): string {
  const bytes = encodeCbor(descriptorOf(description));
  const sizeMax = definition.limits['descriptor_size_max']?.value ?? 0;
  if (bytes.length > sizeMax) throw new Error(`the descriptor has ${bytes.length} bytes, over ${sizeMax}`);
  return [
    '/* Generated from descriptor.json by tools/descriptor.ts: do not edit. */',
    '#ifndef DESCRIPTOR_H',
    '#define DESCRIPTOR_H',
    '',
    '#include <fieldnote_bridge.h>',
    '',
    ...description.streams.flatMap(streamLines),
    '/* For fb_config. */',
    `#define DESCRIPTOR_SIZE ${bytes.length}u`,
    `#define DESCRIPTOR_CRC32C 0x${crc32c(bytes).toString(16).padStart(8, '0').toUpperCase()}u`,
    '',
    'static const uint8_t descriptor[DESCRIPTOR_SIZE] FB_FLASH = {',
    ...rowsOf(bytes),
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}

function streamLines(stream: StreamDescription): string[] {
  const { id, name, rate, burst, fields } = stream;
  const prefix = name.toUpperCase();
  const size = sampleSizeOf(stream);
  const pace = rate === undefined ? 'at no fixed rate' : `${rate} samples per second`;
  return [
    `/* Stream ${id}, ${name}: ${pace}, ${size} bytes each${burst ? `, ${burst} in a burst` : ''}. */`,
    `#define ${prefix}_ID ${id}u`,
    ...(Number.isInteger(rate) ? [`#define ${prefix}_RATE_HZ ${rate}u`] : []),
    ...(burst ? [`#define ${prefix}_BURST ${burst}u`] : []),
    `typedef struct FB_PACKED ${name}_sample {`,
    ...fields.map(fieldLine),
    `} ${name}_sample;`,
    '',
  ];
}

function fieldLine({ name, type, unit, scale, offset, min, max }: FieldDescription): string {
  const declaration = `    ${definition.fieldTypes[type]?.c} ${name};`;
  const value = `${unit} = raw${scale === undefined ? '' : ` × ${scale}`}${offset ? ` ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}` : ''}`;
  const range = min === undefined || max === undefined ? '' : `; ${min} to ${max} ${unit}`;
  return `${declaration.padEnd(32)} /* ${value}${range} */`;
}

function rowsOf(bytes: Uint8Array): string[] {
  const hex = [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0').toUpperCase()},`);
  const rows = Array.from({ length: Math.ceil(hex.length / 16) }, (_, row) =>
    hex.slice(row * 16, row * 16 + 16),
  );
  return rows.map((row) => `    ${row.join(' ')}`);
}

function main(args: readonly string[]): number {
  const isCheck = args.includes('--check');
  const paths = args.filter((arg) => arg !== '--check');
  if (paths.length === 0) {
    console.error('usage: node tools/descriptor.ts [--check] descriptor.json …');
    return 2;
  }
  return Math.max(...paths.map((path) => writeOrCheck(path, isCheck)));
}

function writeOrCheck(path: string, isCheck: boolean): number {
  const headerPath = join(dirname(path), 'descriptor.h');
  try {
    const text = descriptorHeader(readDescription(JSON.parse(readFileSync(path, 'utf8'))));
    if (!isCheck) writeFileSync(headerPath, text);
    else if (readFileSync(headerPath, 'utf8') !== text)
      throw new Error(`${basename(headerPath)} is stale: make it again`);
    return 0;
  } catch (error) {
    console.error(`${relative('.', path)}: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
