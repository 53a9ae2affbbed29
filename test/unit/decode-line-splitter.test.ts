import { describe, expect, test } from 'vitest';
import { LINE_SIZE_BYTES_MAX, type Line, LineSplitter } from '../../src/decode/line-splitter.ts';

function linesOf(...chunks: (string | Uint8Array)[]): Line[] {
  const splitter = new LineSplitter();
  const lines: Line[] = [];
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string), (line) => lines.push(line));
  return lines;
}

describe('LineSplitter', () => {
  test.each(['a\nb\n', 'a\r\nb\r\n', 'a\rb\r', 'a\r\rb\n\n'])(
    'ends lines at \\n, \\r\\n and \\r: %j',
    (text) => {
      expect(linesOf(text).map((line) => line.text)).toEqual(['a', 'b']);
    },
  );

  test('joins a line that came in pieces', () => {
    expect(linesOf('te', 'mp:2', '1\nx')).toEqual([{ text: 'temp:21', sizeBytes: 7, flaw: undefined }]);
  });

  test('joins a character that was cut in half', () => {
    const bytes = Buffer.from('Öl:1\n');
    expect(linesOf(bytes.subarray(0, 1), bytes.subarray(1))[0]?.text).toBe('Öl:1');
  });

  test('does not keep the chunk that it was given', () => {
    const splitter = new LineSplitter();
    const lines: string[] = [];
    const chunk = Buffer.from('ab');
    splitter.push(chunk, () => {});
    chunk.fill('x');
    splitter.push(Buffer.from('c\n'), (line) => lines.push(line.text));
    expect(lines).toEqual(['abc']);
  });

  test('skips lines of blanks', () => {
    expect(linesOf('\n  \t\n\ufeff\na\n').map((line) => line.text)).toEqual(['a']);
  });

  test('reads a line of the greatest length', () => {
    const [line] = linesOf(`${'x'.repeat(LINE_SIZE_BYTES_MAX)}\n`);
    expect(line?.flaw).toBeUndefined();
    expect(line?.text.length).toBe(LINE_SIZE_BYTES_MAX);
  });

  test('finds a line one byte too long, whole or in pieces', () => {
    const text = 'x'.repeat(LINE_SIZE_BYTES_MAX + 1);
    const [whole] = linesOf(`${text}\n`);
    const [pieces] = linesOf(text.slice(0, 7), text.slice(7), '\n');
    expect(whole).toMatchObject({ flaw: 'line-too-long', sizeBytes: text.length });
    expect(pieces).toEqual(whole);
  });

  test.each([
    ['a NUL byte', [0x61, 0x00, 0x62]],
    ['an escape sequence', [0x1b, 0x5b, 0x6d]],
    ['half a character', [0x61, 0xc3]],
    ['a byte that UTF-8 never has', [0xff, 0x61]],
  ])('calls %s not UTF-8', (_, bytes) => {
    const lines = linesOf(Uint8Array.from([...bytes, 0x0a, 0x6f, 0x6b, 0x0a]));
    expect(lines.map((line) => line.flaw)).toEqual(['not-utf8', undefined]);
    expect(lines[0]?.sizeBytes).toBe(bytes.length);
  });

  test('hands out the unfinished line once', () => {
    const splitter = new LineSplitter();
    splitter.push(Buffer.from('a\nhal'), () => {});
    expect(splitter.takeRest()).toEqual({ text: 'hal', sizeBytes: 3, flaw: undefined });
    expect(splitter.takeRest()).toBeUndefined();
  });
});
