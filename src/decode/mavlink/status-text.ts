import type { DeviceLog } from '../../values/device.ts';
import { reader, textReader } from './read-field.ts';

/** Characters of one STATUSTEXT; a shorter one is the last of its text. */
const CHUNK_LENGTH = 50;

/** A text of more is cut. */
const CHUNKS_MAX = 8;

/** MAV_SEVERITY is that of syslog: 0 emergency to 7 debug. */
const SEVERITY = { error: 3, warning: 4, info: 6 } as const;

const severityOf = reader('STATUSTEXT', 'severity');
const idOf = reader('STATUSTEXT', 'id');
const chunkOf = reader('STATUSTEXT', 'chunk_seq');
const textOf = textReader('STATUSTEXT', 'text');

export interface StatusText {
  readonly level: DeviceLog['level'];
  readonly text: string;
}

/** Puts the texts of a vehicle together, which come in pieces of 50 characters. A lost piece is an ellipsis. */
export class StatusTexts {
  #id = 0;
  #level: DeviceLog['level'] = 'info';
  #chunks: string[] = [];

  /** @returns the texts that are whole now */
  take(payload: DataView): readonly StatusText[] {
    const [id, chunk, text] = [idOf(payload), chunkOf(payload), textOf(payload)];
    const whole = id === this.#id && chunk > 0 ? [] : this.finish();
    if (id === 0) return [...whole, { level: levelOf(severityOf(payload)), text: clean(text) }];
    if (chunk >= CHUNKS_MAX) return whole;
    this.#id = id;
    this.#level = levelOf(severityOf(payload));
    for (let missing = this.#chunks.length; missing < chunk; missing++) this.#chunks.push('…');
    this.#chunks[chunk] = text;
    return text.length < CHUNK_LENGTH || chunk === CHUNKS_MAX - 1 ? [...whole, ...this.finish()] : whole;
  }

  /** The text that waits for its end, as far as it came. */
  finish(): readonly StatusText[] {
    const text = clean(this.#chunks.join(''));
    this.#chunks = [];
    this.#id = 0;
    return text === '' ? [] : [{ level: this.#level, text }];
  }
}

function levelOf(severity: number): DeviceLog['level'] {
  if (severity <= SEVERITY.error) return 'error';
  if (severity === SEVERITY.warning) return 'warning';
  return severity <= SEVERITY.info ? 'info' : 'debug';
}

const clean = (text: string) => text.replace(/\p{C}/gu, '.').trim();
