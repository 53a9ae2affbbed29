import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultsIn } from '../../src/eval/written-faults.ts';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import type { Broker } from './broker.ts';
import { reportsAt } from './node-topics.ts';
import type { Plant } from './plant.ts';
import { wordingFaults } from './report-ledger.ts';

/** The model that ships. */
export const WRITER_MODEL = join(import.meta.dirname, '../../models/writer/fieldnote-writer.gguf');

/** No device has so much, so nothing is ever written. */
export const NEVER_ENOUGH_MEMORY = { memoryMinMiB: 1_000_000_000 } as const;

/** A plant's configuration with the model that ships, which writes however warm and small the machine of the test is. */
export function writerConfig({ config }: Plant, llm: Readonly<Record<string, unknown>> = {}) {
  const pause = { heatMaxC: 150, memoryMinMiB: 0, batteryMinPercent: 0 };
  return { ...config, llm: { model: WRITER_MODEL, pause, ...llm } };
}

/** The model that ships, with other bytes. */
export function spoiledModel(folder: string, spoil: (bytes: Buffer) => Buffer): string {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, spoil(readFileSync(WRITER_MODEL)));
  return path;
}

/** Puts another text of the same length in place of the first one found. */
export function replaced(bytes: Buffer, from: string, to: string): Buffer {
  bytes.write(to, bytes.indexOf(from));
  return bytes;
}

/** Sets a number in the head of the file, found by its key. */
export function withNumber(bytes: Buffer, key: string, value: number): Buffer {
  const typeBytes = 4;
  bytes.writeUInt32LE(value, bytes.indexOf(key) + key.length + typeBytes);
  return bytes;
}

/** Reports in the words of the model, in the order of their arrival, copies included. */
export function writtenAt(broker: Broker): ReportEvent[] {
  return reportsAt(broker).filter(({ data }) => data.provenance.textBy === 'llm');
}

export function templatesAt(broker: Broker): ReportEvent[] {
  return reportsAt(broker).filter(({ data }) => data.provenance.textBy === 'template');
}

/** What is wrong with the texts of the model: facts do not carry them, or their template did not come before. */
export function contradictionsAt(broker: Broker): string[] {
  const faults = writtenAt(broker).flatMap(({ data }) => faultsIn(data.text, data));
  return [...faults, ...wordingFaults(reportsAt(broker))];
}
