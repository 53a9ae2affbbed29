import type { DeviceTiming } from '../values/device.ts';
import type { Decoded, NoiseReason } from '../values/sample.ts';
import { BridgeDecoder } from './bridge/decoder.ts';
import { DataflashDecoder } from './dataflash/decoder.ts';
import { MavlinkDecoder } from './mavlink/decoder.ts';
import { NmeaDecoder } from './nmea/decoder.ts';
import type { Decoder, DecoderOptions, Protocol } from './seam.ts';
import { LineDecoder } from './text.ts';
import { UlogDecoder } from './ulog/decoder.ts';

/**
 * Finds out which protocol is spoken on a port. Every candidate reads the bytes; what they find is held back until one of
 * them wins, and then told, so that no sample is lost. Who is certain wins at once. Who is only likely wins after a
 * while, and may still be overruled by who becomes certain: what a chip writes while it boots looks like text.
 */

/** So long, or so many bytes for a recording whose time stands still, the likely ones wait for a certain one. */
const DECIDE_AFTER_MS = 2000;
const DECIDE_AFTER_BYTES = 64 * 1024;

/** What the others may hold back after one has won; the oldest goes. Before that the bytes are the limit. */
const HELD_MAX = 1024;

/** By chance one of 262,144 runs of noise is a valid frame; two of them never are. */
const CERTAIN_FRAMES = 2;

/** A line of text that looks like a sentence has its checksum right by chance once in 256. */
const CERTAIN_SENTENCES = 3;

/** Packets that more than their checksum proves (src/decode/mavlink/trust.ts), so that few are enough. */
const CERTAIN_PACKETS = 3;

/** Lines that cannot be used, but are lines of text. */
const READABLE: readonly NoiseReason[] = [
  'unreadable',
  'missing-columns',
  'not-a-number',
  'too-many-channels',
];

export interface Candidate {
  readonly protocol: Protocol;
  readonly decoder: Decoder;
  /** How sure it is of itself, by what it has found since the last question. */
  evidence(found: readonly Decoded[]): 'none' | 'likely' | 'certain';
  /** Whether it may write to the device: not once another one has won. */
  mayAsk: boolean;
}

/** The protocols that are told apart, the more telling one first. */
export function candidatesOf(options: DecoderOptions): Candidate[] {
  return [
    bridgeCandidate(options),
    mavlinkCandidate(options),
    dataflashCandidate(options),
    nmeaCandidate(options),
    ulogCandidate(options),
    textCandidate(options),
  ];
}

function bridgeCandidate({ send, ...options }: DecoderOptions): Candidate {
  const sendIfAllowed = (bytes: Uint8Array) => {
    if (candidate.mayAsk) send?.(bytes);
  };
  const decoder = new BridgeDecoder(send === undefined ? options : { ...options, send: sendIfAllowed });
  const candidate: Candidate = {
    protocol: 'bridge',
    decoder,
    evidence: () => (decoder.frameCount >= CERTAIN_FRAMES ? 'certain' : 'none'),
    mayAsk: true,
  };
  return candidate;
}

function dataflashCandidate({ source }: DecoderOptions): Candidate {
  const decoder = new DataflashDecoder(source);
  return {
    protocol: 'dataflash',
    decoder,
    evidence: () => (decoder.recordCount >= CERTAIN_FRAMES ? 'certain' : 'none'),
    mayAsk: true,
  };
}

function nmeaCandidate({ source }: DecoderOptions): Candidate {
  const decoder = new NmeaDecoder(source);
  return {
    protocol: 'nmea',
    decoder,
    evidence: () => (decoder.knownCount >= CERTAIN_SENTENCES ? 'certain' : 'none'),
    mayAsk: true,
  };
}

function mavlinkCandidate({ send, ...options }: DecoderOptions): Candidate {
  const sendIfAllowed = (bytes: Uint8Array) => {
    if (candidate.mayAsk) send?.(bytes);
  };
  const decoder = new MavlinkDecoder(send === undefined ? options : { ...options, send: sendIfAllowed });
  const candidate: Candidate = {
    protocol: 'mavlink',
    decoder,
    evidence: () => (decoder.packetCount >= CERTAIN_PACKETS ? 'certain' : 'none'),
    mayAsk: true,
  };
  return candidate;
}

function ulogCandidate({ source }: DecoderOptions): Candidate {
  const decoder = new UlogDecoder(source);
  return { protocol: 'ulog', decoder, evidence: () => (decoder.isBegun ? 'certain' : 'none'), mayAsk: true };
}

function textCandidate({ source }: DecoderOptions): Candidate {
  const isReadable = (item: Decoded) =>
    item.kind === 'sample' || (item.kind === 'noise' && READABLE.includes(item.reason));
  return {
    protocol: 'text',
    decoder: new LineDecoder(source),
    evidence: (found) => (found.filter(isReadable).length * 2 > found.length ? 'likely' : 'none'),
    mayAsk: true,
  };
}

/** A candidate and what it has found and not told. */
interface Entrant {
  readonly candidate: Candidate;
  held: readonly Decoded[];
}

export class Recogniser implements Decoder {
  readonly #source: string;
  readonly #createCandidates: () => readonly Candidate[];
  #entrants: readonly Entrant[];
  #winner: Entrant | undefined;
  /** When the first byte came that nobody has explained, and how many did. */
  #sinceMs: number | undefined;
  #sizeBytes = 0;

  constructor(source: string, createCandidates: () => readonly Candidate[]) {
    this.#source = source;
    this.#createCandidates = createCandidates;
    this.#entrants = entrantsOf(createCandidates());
  }

  /** Who has won; undefined while nobody has. */
  get spoken(): Protocol | undefined {
    return this.#winner?.candidate.protocol;
  }

  get timing(): DeviceTiming | undefined {
    return this.#winner?.candidate.decoder.timing;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#sinceMs ??= monoMs;
    this.#sizeBytes += bytes.length;
    this.#feed((decoder) => decoder.decode(bytes, monoMs));
    return this.#tell(monoMs);
  }

  tick(monoMs: number): readonly Decoded[] {
    this.#feed((decoder) => decoder.tick?.(monoMs) ?? []);
    return this.#tell(monoMs);
  }

  finish(monoMs: number): readonly Decoded[] {
    this.#feed((decoder) => decoder.finish(monoMs));
    return this.#tell(monoMs, { isLast: true });
  }

  reset(monoMs: number): readonly Decoded[] {
    this.#feed((decoder) => decoder.reset(monoMs));
    const found = this.#tell(monoMs, { isLast: true });
    this.#entrants = entrantsOf(this.#createCandidates());
    this.#winner = undefined;
    this.#sinceMs = undefined;
    this.#sizeBytes = 0;
    return found;
  }

  #feed(read: (decoder: Decoder) => readonly Decoded[]): void {
    for (const entrant of this.#entrants) {
      const found = read(entrant.candidate.decoder);
      entrant.held = entrant.held.length === 0 ? found : entrant.held.concat(found);
    }
  }

  #tell(monoMs: number, { isLast = false } = {}): readonly Decoded[] {
    this.#decide(this.#isTime(monoMs) || isLast);
    if (this.#winner !== undefined) {
      const found = taken(this.#winner);
      for (const other of this.#entrants) other.held = other.held.slice(-HELD_MAX);
      return found;
    }
    return this.#isTime(monoMs) || isLast ? this.#giveUp(monoMs) : [];
  }

  #isTime(monoMs: number): boolean {
    if (this.#sinceMs === undefined) return false;
    return monoMs - this.#sinceMs >= DECIDE_AFTER_MS || this.#sizeBytes >= DECIDE_AFTER_BYTES;
  }

  /** Once one is certain, the others are out. */
  #decide(isTime: boolean): void {
    if (this.#entrants.length === 1) return;
    const certain = this.#entrants.find(({ candidate, held }) => candidate.evidence(held) === 'certain');
    if (certain !== undefined) this.#entrants = [certain];
    else if (this.#winner !== undefined || !isTime) return;
    this.#winner =
      certain ?? this.#entrants.find(({ candidate, held }) => candidate.evidence(held) === 'likely');
    for (const entrant of this.#entrants)
      entrant.candidate.mayAsk = this.#winner === undefined || entrant === this.#winner;
  }

  /** Nobody knows what it was: it is counted once, and the search goes on. */
  #giveUp(monoMs: number): readonly Decoded[] {
    const sizeBytes = this.#sizeBytes;
    for (const entrant of this.#entrants) taken(entrant);
    this.#sinceMs = undefined;
    this.#sizeBytes = 0;
    if (sizeBytes === 0) return [];
    const excerpt = `${sizeBytes} bytes`;
    return [{ kind: 'noise', source: this.#source, monoMs, reason: 'unrecognised', sizeBytes, excerpt }];
  }
}

function entrantsOf(candidates: readonly Candidate[]): Entrant[] {
  return candidates.map((candidate) => ({ candidate, held: [] }));
}

function taken(entrant: Entrant): readonly Decoded[] {
  const { held } = entrant;
  entrant.held = [];
  return held;
}
