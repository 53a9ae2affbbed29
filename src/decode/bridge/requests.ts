import type { Boot } from './boot.ts';
import { encodeFrame } from './frame.ts';
import { DESC_REQUEST_LAYOUT, FRAME_TYPES, SYNC_REQUEST_LAYOUT, type SyncBody } from './protocol.ts';

/**
 * What the host asks a device: first who it is, then its descriptor piece by piece, then the time, over and over, which
 * also tells the device that it is heard. One question at a time, as the device has room for one.
 */

/** Bytes of SYNC on the wire, the longest question: 3 + 8 + 2 in COBS with a delimiter on both sides. */
const QUESTION_SIZE_MAX = 16;

/** An answer may wait behind a full ring at a low baud rate. */
const ANSWER_TIMEOUT_MS = 1000;

/** Fast at first, since somebody wants to know what is on the port; then no faster than HELLO comes by itself. */
const HELLO_FAST_MS = 500;
const HELLO_FAST_COUNT = 4;
const HELLO_SLOW_MS = 5000;

/** Fast at first, to find the least delay; then often enough for the device to feel heard. */
const SYNC_FAST_MS = 1000;
const SYNC_FAST_COUNT = 8;
const SYNC_SLOW_MS = 10_000;

type Question = 'hello' | 'desc' | 'sync';

/** What the questions depend on. */
export interface Known {
  readonly boot: Pick<Boot, 'hello'> | undefined;
  /** First byte of the descriptor that is missing; undefined when none is wanted. */
  readonly missingAt: number | undefined;
}

export class Requests {
  readonly #send: (bytes: Uint8Array) => void;
  #sequence = 0;
  #asked: { readonly question: Question; readonly atMs: number } | undefined;
  #helloCount = 0;
  #syncCount = 0;
  #lastMs = { hello: Number.NEGATIVE_INFINITY, sync: Number.NEGATIVE_INFINITY };

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** Asks what is to be asked now, if anything. */
  ask(known: Known, monoMs: number): void {
    const isWaiting = this.#asked !== undefined && monoMs - this.#asked.atMs < ANSWER_TIMEOUT_MS;
    if (known.boot === undefined) {
      if (monoMs - this.#lastMs.hello >= this.#helloIntervalMs) this.#askHello(monoMs);
    } else if (!isWaiting && known.boot.hello.receiveWindow >= QUESTION_SIZE_MAX) {
      if (known.missingAt !== undefined) this.#askDesc(known.missingAt, monoMs);
      else if (monoMs - this.#lastMs.sync >= this.#syncIntervalMs) this.#askSync(monoMs);
    }
  }

  /** The device answered, or told by itself what the question was about. */
  heard(question: Question): void {
    if (this.#asked?.question === question) this.#asked = undefined;
  }

  /** @returns when the question of this answer was asked, if it is the one that waits for an answer */
  askedAt({ t1 }: SyncBody): number | undefined {
    const isAnswer = this.#asked?.question === 'sync' && microseconds(this.#asked.atMs) === t1;
    return isAnswer ? this.#asked?.atMs : undefined;
  }

  get #helloIntervalMs(): number {
    return this.#helloCount < HELLO_FAST_COUNT ? HELLO_FAST_MS : HELLO_SLOW_MS;
  }

  get #syncIntervalMs(): number {
    return this.#syncCount < SYNC_FAST_COUNT ? SYNC_FAST_MS : SYNC_SLOW_MS;
  }

  #askHello(monoMs: number): void {
    this.#helloCount++;
    this.#lastMs.hello = monoMs;
    this.#sendFrame('hello', new Uint8Array(), monoMs);
  }

  #askDesc(offset: number, monoMs: number): void {
    const body = new DataView(new ArrayBuffer(DESC_REQUEST_LAYOUT.sizeMin));
    body.setUint16(DESC_REQUEST_LAYOUT.offset, offset, true);
    this.#sendFrame('desc', new Uint8Array(body.buffer), monoMs);
  }

  #askSync(monoMs: number): void {
    const body = new DataView(new ArrayBuffer(SYNC_REQUEST_LAYOUT.sizeMin));
    body.setBigUint64(SYNC_REQUEST_LAYOUT.t1, microseconds(monoMs), true);
    this.#syncCount++;
    this.#lastMs.sync = monoMs;
    this.#sendFrame('sync', new Uint8Array(body.buffer), monoMs);
  }

  #sendFrame(question: Question, body: Uint8Array, monoMs: number): void {
    const bytes = encodeFrame({ type: FRAME_TYPES[question], stream: 0, sequence: this.#sequence, body });
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.#asked = { question, atMs: monoMs };
    this.#send(bytes);
  }
}

const microseconds = (ms: number) => BigInt.asUintN(64, BigInt(Math.round(ms * 1000)));
