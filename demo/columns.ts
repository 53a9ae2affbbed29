import { stripVTControlCharacters } from 'node:util';

/** Text measured in the columns of a terminal, where 泵 takes two and a combining accent none. */

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const WIDE =
  /^(?:\p{RGI_Emoji}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/v;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/v;
const STEERING = /[\p{Control}\p{Bidi_Control}]/gv;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Text that cannot steer the terminal: escape sequences are gone, control characters are spaces. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(STEERING, ' ');
}

/** Columns that a text without control characters takes. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

function widthOfGrapheme(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** The text in exactly `width` columns: padded on the right, or cut and marked with an ellipsis. */
export function toWidth(text: string, width: number): string {
  const missing = width - widthOf(text);
  if (missing >= 0) return text + ' '.repeat(missing);
  const [head] = splitAt(text, width - 1);
  return width < 1 ? '' : `${head}…${' '.repeat(width - 1 - widthOf(head))}`;
}

/** Lines of at most `columns` columns, at least 2, broken between words; a longer word is broken where it must be. */
export function wrap(text: string, columns: number): string[] {
  const width = Math.max(2, columns);
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(/\s+/).filter((part) => part !== '')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (widthOf(word) > width) {
      const [head, rest] = splitAt(word, width);
      lines.push(head);
      word = rest;
    }
    line = word;
  }
  return line === '' ? lines : [...lines, line];
}

/** The longest head of at most `width` columns, and the rest. */
function splitAt(text: string, width: number): [string, string] {
  let end = 0;
  let taken = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    taken += widthOfGrapheme(segment);
    if (taken > width) break;
    end = index + segment.length;
  }
  return [text.slice(0, end), text.slice(end)];
}
