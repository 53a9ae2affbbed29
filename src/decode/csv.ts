import type { NoiseReason } from '../values/sample.ts';
import type { Fields } from './layout.ts';
import type { Line } from './line-splitter.ts';
import { readNumber } from './number.ts';

/** A comma may be inside a number or a date of a file that has another delimiter, so it is tried last. */
const DELIMITERS = [';', '\t', ','] as const;

interface Header {
  readonly line: Line;
  readonly delimiter: string;
  readonly names: readonly string[];
}

/**
 * Reads rows by the header that came before them. A device may send its header again after a restart, even a new
 * one; a line of boot chatter may look like one. So a header counts only once a row fits it, and one that
 * was contradicted is handed to `onFalseHeader`.
 */
export class CsvReader {
  readonly #onFalseHeader: (line: Line) => void;
  #header: Header | undefined;
  #offered: Header | undefined;

  constructor(onFalseHeader: (line: Line) => void) {
    this.#onFalseHeader = onFalseHeader;
  }

  /** @returns the fields of a row, 'header', or why the line is noise */
  read(line: Line): Fields | 'header' | NoiseReason {
    const header = headerOf(line);
    if (header) {
      this.#offer(header);
      return 'header';
    }
    if (!this.#offered && !this.#header) return 'unreadable';
    return this.#row(line.text) ?? 'missing-columns';
  }

  forget(): void {
    this.#header = undefined;
    this.#offered = undefined;
  }

  #offer(header: Header): void {
    if (header.line.text === this.#offered?.line.text) return;
    this.#dropOffered();
    if (header.line.text !== this.#header?.line.text) this.#offered = header;
  }

  #row(text: string): Fields | undefined {
    const offered = rowOf(text, this.#offered);
    if (offered) {
      this.#header = this.#offered;
      this.#offered = undefined;
      return offered;
    }
    const row = rowOf(text, this.#header);
    if (row) this.#dropOffered();
    return row;
  }

  #dropOffered(): void {
    if (this.#offered) this.#onFalseHeader(this.#offered.line);
    this.#offered = undefined;
  }
}

function rowOf(text: string, header: Header | undefined): Fields | undefined {
  if (!header) return undefined;
  const texts = text.split(header.delimiter);
  if (texts.length !== header.names.length) return undefined;
  const isQuoted = text.includes('"') || text.includes("'");
  return { names: header.names, texts: texts.map((field) => (isQuoted ? unquoted(field) : field.trim())) };
}

/** A header has two columns or more, most of them with a name in letters, and no number in it. */
function headerOf(line: Line): Header | undefined {
  if (/^[\d.+-]/.test(line.text)) return undefined;
  const delimiter = DELIMITERS.find((candidate) => line.text.includes(candidate));
  if (delimiter === undefined) return undefined;
  const names = line.text.split(delimiter).map(unquoted);
  const given = names.filter((name) => name !== '');
  const isNumberless = given.every((name) => readNumber(name) === undefined);
  const namedCount = given.filter((name) => /^[^\d]*\p{L}/u.test(name)).length;
  return isNumberless && namedCount * 2 > given.length ? { line, delimiter, names } : undefined;
}

/** A field without the blanks and quotes around it. */
function unquoted(field: string): string {
  return field.trim().replace(/^(["'])(.*)\1$/, '$2');
}
