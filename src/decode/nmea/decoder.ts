import type { Decoded, Noise, NoiseReason } from '../../values/sample.ts';
import type { Decoder } from '../seam.ts';
import { Epoch } from './epoch.ts';
import { Fields } from './fields.ts';
import { KINDS } from './kinds.ts';
import { SATELLITE_NAMES, SatellitesInView } from './satellites.ts';
import { type Piece, SentenceSplitter } from './splitter.ts';
import { Transducers } from './transducers.ts';

const EXCERPT_LENGTH_MAX = 64;

/** Two letters of the talker, three of the kind. Makers' own sentences begin with P and have no talker. */
const ADDRESS = /^(?!P)([A-Z0-9]{2})([A-Z]{3})$/;

/**
 * A receiver is late by the time it computes and by that its sentences take on the wire: at 4800 and 9600 baud most of a
 * second, and some older ones a little more.
 */
const DELAY_MS_MAX = 1500;

/**
 * NMEA 0183: receivers of navigation satellites, wind, depth and weather instruments. Only sentences with a right checksum
 * count. Those of makers and of kinds that say nothing here are skipped and counted.
 */
export class NmeaDecoder implements Decoder {
  readonly #source: string;
  readonly #splitter = new SentenceSplitter();
  readonly #epoch = new Epoch();
  readonly #satellites = new SatellitesInView();
  readonly #transducers = new Transducers();
  #knownCount = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Sentences so far whose checksum was right and whose kind is known. */
  get knownCount(): number {
    return this.#knownCount;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    return this.#splitter.push(bytes).flatMap((piece) => this.#read(piece, monoMs));
  }

  finish(monoMs: number): readonly Decoded[] {
    return this.#splitter.takeRest().flatMap((piece) => this.#read(piece, monoMs));
  }

  reset(monoMs: number): readonly Decoded[] {
    const found = this.finish(monoMs).filter(({ kind }) => kind === 'noise');
    this.#epoch.forget();
    this.#satellites.forget();
    return found;
  }

  #read(piece: Piece, monoMs: number): readonly Decoded[] {
    if (piece.kind === 'broken') return [this.#noise(piece.reason, monoMs, piece.text, piece.sizeBytes)];
    // What begins with an exclamation mark is encapsulated, such as the messages of ships; the checksum does not cover it.
    if (!piece.text.startsWith('$')) return [this.#noise('unused-sentence', monoMs, piece.text)];
    const [, talker = '', kind = ''] = ADDRESS.exec(piece.fields[0] ?? '') ?? [];
    const fields = new Fields(piece.fields);
    const reading = this.#readingOf(talker, kind, fields);
    if (reading === 'unused') return [this.#noise('unused-sentence', monoMs, piece.text)];
    this.#knownCount += 1;
    const toldMs = this.#epoch.read(kind, fields, monoMs);
    const found: Decoded[] = fields.notNumbers.map((text) => this.#noise('not-a-number', monoMs, text));
    if (reading?.values.some((value) => !Number.isNaN(value)))
      found.push({
        ...{ kind: 'sample', source: this.#source, monoMs, deviceMs: this.#epoch.wallMs },
        ...reading,
      });
    if (toldMs !== undefined)
      found.push({ kind: 'time', source: this.#source, monoMs, wallMs: toldMs, errorMs: DELAY_MS_MAX });
    return found;
  }

  /** Undefined for a sentence that says nothing yet, such as the first of several. */
  #readingOf(talker: string, kind: string, fields: Fields) {
    if (kind === 'XDR') return this.#transducers.read(fields);
    if (kind === 'GSV') {
      const values = this.#satellites.read(talker, fields);
      return values && { names: SATELLITE_NAMES, values };
    }
    const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    return known === undefined ? 'unused' : { names: known.names, values: known.read(fields) };
  }

  #noise(reason: NoiseReason, monoMs: number, text: string, sizeBytes = text.length): Noise {
    const excerpt = text.slice(0, EXCERPT_LENGTH_MAX);
    return { kind: 'noise', source: this.#source, monoMs, reason, sizeBytes, excerpt };
  }
}
