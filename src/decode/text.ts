import { Buffer } from 'node:buffer';
import type { Decoded, Noise, NoiseReason } from '../values/sample.ts';
import { CsvReader } from './csv.ts';
import { DeviceTime } from './device-time.ts';
import { readJsonLine } from './json-line.ts';
import { readLabelLine } from './label-line.ts';
import { type Fields, type Layout, Layouts } from './layout.ts';
import { type Line, LineSplitter } from './line-splitter.ts';

const EXCERPT_LENGTH_MAX = 64;

/**
 * Decodes the text that Arduino sketches and loggers write, each line by its shape: a JSON object, label:value
 * parts, or a CSV row by the header before it. Blank lines and comments (#) are skipped. A line that is none of
 * these, or has no number in it, is noise. Noise counts the bytes of the line without its end, or for a value
 * that is no number, those of the value.
 */
export class LineDecoder {
  readonly #source: string;
  readonly #lines = new LineSplitter();
  readonly #layouts = new Layouts();
  readonly #time = new DeviceTime();
  readonly #csv = new CsvReader((line) => this.#reject(line, 'unreadable'));
  #monoMs = 0;
  #found: Decoded[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#lines.push(bytes, (line) => this.#readLine(line));
    return this.#takeFound();
  }

  reset(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    const rest = this.#lines.takeRest();
    if (rest) this.#reject(rest, rest.flaw ?? 'unreadable');
    this.#csv.forget();
    this.#time.forget();
    return this.#takeFound();
  }

  finish(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    const rest = this.#lines.takeRest();
    if (rest) this.#readLine(rest);
    return this.#takeFound();
  }

  #takeFound(): readonly Decoded[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #readLine(line: Line): void {
    const fault = line.flaw ?? this.#readGoodLine(line);
    if (fault) this.#reject(line, fault);
  }

  #readGoodLine(line: Line): NoiseReason | undefined {
    const fields = this.#fieldsOf(line);
    if (fields === 'header' || fields === 'comment') return undefined;
    if (typeof fields === 'string') return fields;
    const layout = this.#layouts.of(fields.names);
    return typeof layout === 'string' ? layout : this.#readFields(fields, layout);
  }

  /** CSV gets the line as it came, since tabs at its ends delimit empty fields. */
  #fieldsOf(line: Line): Fields | 'header' | 'comment' | NoiseReason {
    const text = line.text.trim();
    if (text.startsWith('#')) return 'comment';
    if (text.startsWith('{')) return readJsonLine(text) ?? 'unreadable';
    return readLabelLine(text) ?? this.#csv.read(line);
  }

  #readFields(fields: Fields, layout: Layout): NoiseReason | undefined {
    const { names, values, notNumbers } = layout.read(fields.texts);
    if (values.length === 0) return 'unreadable';
    const deviceMs = this.#deviceMs(fields, layout.timeAt);
    this.#found.push({ kind: 'sample', source: this.#source, monoMs: this.#monoMs, deviceMs, names, values });
    for (const at of notNumbers) this.#rejectField(fields, at);
    if (deviceMs === undefined) for (const at of layout.timeAt) this.#rejectField(fields, at);
    return undefined;
  }

  /** A date and a time of day in two fields are read as one; otherwise the first field is the time. */
  #deviceMs({ names, texts }: Fields, timeAt: readonly number[]): number | undefined {
    const first = timeAt[0];
    if (first === undefined) return undefined;
    const name = names[first] ?? '';
    if (timeAt.length > 1) {
      const joinedMs = this.#time.read(name, timeAt.map((at) => texts[at]).join(' '));
      if (joinedMs !== undefined) return joinedMs;
    }
    return this.#time.read(name, texts[first] ?? '');
  }

  #reject(line: Line, reason: NoiseReason): void {
    this.#found.push(this.#noise(reason, line.sizeBytes, line.text));
  }

  #rejectField({ names, texts }: Fields, at: number): void {
    const text = texts[at] ?? '';
    this.#found.push(this.#noise('not-a-number', Buffer.byteLength(text), `${names[at]}=${text}`));
  }

  #noise(reason: NoiseReason, sizeBytes: number, text: string): Noise {
    const excerpt = text.trim().slice(0, EXCERPT_LENGTH_MAX).replace(/\p{C}/gu, '.');
    return { kind: 'noise', source: this.#source, monoMs: this.#monoMs, reason, sizeBytes, excerpt };
  }
}
