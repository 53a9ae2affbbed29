import { type Fields, NAME_LENGTH_MAX } from './layout.ts';
import { readNumber } from './number.ts';

/** Objects and arrays in objects, such as {"imu": {"accel": {"x": 1}}} with the name imu.accel.x. */
export const DEPTH_MAX = 3;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The fields of a line that is one JSON object (RFC 8259); undefined when it is none. Nested objects and arrays
 * are flattened: `{"accel": [1, 2]}` has the names accel.0 and accel.1. Unlike JSON.parse it shows a name that
 * comes twice, lets NaN and Infinity through as text, and stops at the depth limit.
 */
export function readJsonLine(line: string): Fields | undefined {
  return new JsonLine(line).read();
}

class JsonLine {
  readonly #line: string;
  readonly #names: string[] = [];
  readonly #texts: string[] = [];
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  read(): Fields | undefined {
    if (!this.#take(OPEN_OBJECT) || !this.#object('', 1)) return undefined;
    return this.#at === this.#line.length ? { names: this.#names, texts: this.#texts } : undefined;
  }

  #object(prefix: string, depth: number): boolean {
    if (this.#take(CLOSE_OBJECT)) return true;
    do {
      const name = this.#take(QUOTE) ? this.#string() : undefined;
      if (name === undefined || !this.#take(COLON) || !this.#value(prefix + name, depth)) return false;
    } while (this.#take(COMMA));
    return this.#take(CLOSE_OBJECT);
  }

  #array(name: string, depth: number): boolean {
    if (this.#take(CLOSE_ARRAY)) return true;
    let index = 0;
    do {
      if (!this.#value(`${name}.${index++}`, depth)) return false;
    } while (this.#take(COMMA));
    return this.#take(CLOSE_ARRAY);
  }

  #value(name: string, depth: number): boolean {
    if (this.#take(OPEN_OBJECT)) return depth < DEPTH_MAX && this.#object(`${name}.`, depth + 1);
    if (this.#take(OPEN_ARRAY)) return depth < DEPTH_MAX && this.#array(name, depth + 1);
    const text = this.#take(QUOTE) ? this.#string() : this.#bareWord();
    if (text === undefined || name.length > NAME_LENGTH_MAX) return false;
    this.#names.push(name);
    this.#texts.push(text);
    return true;
  }

  #string(): string | undefined {
    const start = this.#at;
    let hasEscape = false;
    for (; this.#at < this.#line.length; this.#at++) {
      const code = this.#line.charCodeAt(this.#at);
      if (code === QUOTE) {
        const text = this.#line.slice(start, this.#at++);
        return hasEscape ? unescaped(text) : text;
      }
      if (code !== BACKSLASH) continue;
      hasEscape = true;
      this.#at++;
    }
    return undefined;
  }

  /** A number, true, false, null, or what Python and printf write for a missing number. */
  #bareWord(): string | undefined {
    const start = this.#at;
    while (isWordCode(this.#line.charCodeAt(this.#at))) this.#at++;
    const word = this.#line.slice(start, this.#at);
    return word !== '' && readNumber(word) !== undefined ? word : undefined;
  }

  /** Moves past white space, and past the character if it is the next one. */
  #take(code: number): boolean {
    let next = this.#line.charCodeAt(this.#at);
    while (next === 0x20 || next === 0x09) next = this.#line.charCodeAt(++this.#at);
    if (next !== code) return false;
    this.#at++;
    return true;
  }
}

/** Letters, digits and + - . as in numbers; NaN, which charCodeAt gives beyond the end, is none. */
function isWordCode(code: number): boolean {
  if (code <= 0x39) return code >= 0x2b && code !== COMMA && code !== 0x2f;
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return undefined;
  }
}
