import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';

/** One short string per result: `name=value …` of a sample, `!reason excerpt` of noise. */
function decode(...lines: string[]): string[] {
  const decoded = createDecoder({ source: 'logger', protocol: 'text' }).decode(
    Buffer.from(lines.map((line) => `${line}\r\n`).join('')),
    0,
  );
  return decoded.map((item) => {
    if (item.kind === 'noise') return `!${item.reason} ${item.excerpt}`;
    if (item.kind !== 'sample') return item.kind;
    return item.names.map((name, at) => `${name}=${item.values[at]}`).join(' ');
  });
}

describe('CSV', () => {
  test.each([',', ';', '\t'])('is read with the delimiter %j', (delimiter) => {
    const line = (...fields: string[]) => fields.join(delimiter);
    expect(decode(line('temp', 'Flow Rate'), line('21.5', ' 3'))).toEqual(['temp=21.5 Flow Rate=3']);
  });

  test('carries its own time', () => {
    const decoder = createDecoder({ source: 'logger', protocol: 'text' });
    const [sample] = decoder.decode(Buffer.from('datetime;a\n2020-03-09 10:14:33;1\n'), 0);
    expect(sample).toMatchObject({ names: ['a'], deviceMs: Date.UTC(2020, 2, 9, 10, 14, 33) });
  });

  test('shares one array of names, also after the same header came again', () => {
    const decoder = createDecoder({ source: 'logger', protocol: 'text' });
    const decoded = decoder.decode(Buffer.from('a,b\n1,2\na,b\n3,4\n'), 0);
    const [first, second] = decoded.flatMap((item) => (item.kind === 'sample' ? [item.names] : []));
    expect(decoded.length).toBe(2);
    expect(second).toBe(first);
  });

  test('may quote names and fields', () => expect(decode('"a b","c"', '"1",2')).toEqual(['a b=1 c=2']));

  test('ignores columns without a name and columns of text', () => {
    expect(decode(',state,a,', '0,running,1,', '1,stopped,2,')).toEqual(['a=1', 'a=2']);
  });

  test('may begin its rows with text', () => expect(decode('id,a,b', 'pump,1,2')).toEqual(['a=1 b=2']));

  test('keeps the other values of a row with an empty or broken field', () => {
    expect(decode('a,b,c', '1,,3', '1,2,x', '1,2,1e999')).toEqual([
      'a=1 b=NaN c=3',
      '!not-a-number b=',
      'a=1 b=2 c=NaN',
      '!not-a-number c=x',
      'a=1 b=2 c=NaN',
      '!not-a-number c=1e999',
    ]);
  });

  test('keeps empty fields at the ends of a row with tabs', () => {
    expect(decode('\ta\tb', '\t1\t')).toEqual(['a=1 b=NaN', '!not-a-number b=']);
  });

  test('begins after a byte order mark', () => expect(decode('\ufeffa,b', '1,2')).toEqual(['a=1 b=2']));

  test('counts rows with missing or extra columns', () => {
    expect(decode('a,b', '1', '1,2,3', '4,5')).toEqual([
      '!missing-columns 1',
      '!missing-columns 1,2,3',
      'a=4 b=5',
    ]);
  });

  test('counts rows whose header was never seen', () => expect(decode('1,2')).toEqual(['!unreadable 1,2']));

  test('follows a new header after a restart of the device', () => {
    expect(decode('a,b', '1,2', 'c,d,e', '3,4,5')).toEqual(['a=1 b=2', 'c=3 d=4 e=5']);
  });

  test('does not take boot chatter for a header that the next row contradicts', () => {
    expect(decode('a,b,c', '1,2,3', 'Hello, world', '4,5,6')).toEqual([
      'a=1 b=2 c=3',
      '!unreadable Hello, world',
      'a=4 b=5 c=6',
    ]);
  });

  test('finds the header after boot chatter with a comma', () => {
    expect(decode('Hello, world', 'a,b,c', '1,2,3')).toEqual(['!unreadable Hello, world', 'a=1 b=2 c=3']);
  });

  test('waits for a row when the header came twice', () =>
    expect(decode('a,b', 'a,b', '1,2')).toEqual(['a=1 b=2']));

  test('refuses rows of a header with a name twice or __proto__', () => {
    expect(decode('a,a', '1,2')).toEqual(['!unreadable 1,2']);
    expect(decode('a,__proto__', '1,2')).toEqual(['!unreadable 1,2']);
  });

  test('refuses rows with too many channels', () => {
    const header = Array.from({ length: 257 }, (_, at) => `c${at}`).join();
    expect(decode(header, Array(257).fill('1').join())[0]).toMatch(/^!too-many-channels/);
  });

  test('does not take a row of missing values for a header', () => {
    expect(decode('a,b', 'nan,nan', '1,2')[0]).toBe('a=NaN b=NaN');
  });

  test('forgets the header when the link was closed', () => {
    const decoder = createDecoder({ source: 'logger', protocol: 'text' });
    decoder.decode(Buffer.from('a,b\n1,2\n'), 0);
    decoder.reset(0);
    expect(decoder.decode(Buffer.from('3,4\n'), 0)).toMatchObject([{ kind: 'noise', reason: 'unreadable' }]);
  });
});
