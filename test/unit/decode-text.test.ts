import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { readJsonLine } from '../../src/decode/json-line.ts';
import { CHANNELS_MAX, NAME_LENGTH_MAX } from '../../src/decode/layout.ts';
import type { Decoded, Noise, Sample } from '../../src/values/sample.ts';

function decode(...lines: string[]): readonly Decoded[] {
  return createDecoder({ source: 'mcu', protocol: 'text' }).decode(
    Buffer.from(lines.map((line) => `${line}\n`).join('')),
    5,
  );
}

const samplesOf = (decoded: readonly Decoded[]) =>
  decoded.filter((item): item is Sample => item.kind === 'sample');
const noiseOf = (decoded: readonly Decoded[]) =>
  decoded.filter((item): item is Noise => item.kind === 'noise');

/** Names with values, for short expectations. */
function read(...lines: string[]): Record<string, number>[] {
  return samplesOf(decode(...lines)).map(({ names, values }) =>
    Object.fromEntries(names.map((name, at) => [name, values[at] ?? Number.NaN])),
  );
}

const reasonsOf = (...lines: string[]) => noiseOf(decode(...lines)).map(({ reason }) => reason);

describe('NDJSON lines', () => {
  test('become a sample of the source at the time of arrival', () => {
    expect(decode('{"vib": 0.5, "temp": -21}')).toEqual([
      {
        kind: 'sample',
        source: 'mcu',
        monoMs: 5,
        deviceMs: undefined,
        names: ['vib', 'temp'],
        values: [0.5, -21],
      },
    ]);
  });

  test('carry their own time, which is no channel', () => {
    const [sample] = samplesOf(decode('{"ts": 1583748873123, "vib": 1}'));
    expect(sample).toMatchObject({ deviceMs: 1583748873123, names: ['vib'] });
  });

  test('are flattened with dots, arrays by index', () => {
    expect(read('{"imu": {"accel": {"x": 1}, "gyro": [2, 3]}, "t": 4}')).toEqual([
      { 'imu.accel.x': 1, 'imu.gyro.0': 2, 'imu.gyro.1': 3 },
    ]);
  });

  test('may have empty objects and arrays', () =>
    expect(read('{"a": {}, "b": [], "c": 1}')).toEqual([{ c: 1 }]));

  test('give booleans as 1 and 0', () =>
    expect(read('{"on": true, "alarm": false}')).toEqual([{ on: 1, alarm: 0 }]));

  test('may quote numbers', () => expect(read('{"temp": "21.5"}')).toEqual([{ temp: 21.5 }]));

  test('ignore text that never was a number', () => {
    expect(decode('{"id": "pump 1", "vib": 1}')).toMatchObject([
      { kind: 'sample', names: ['vib'], values: [1] },
    ]);
  });

  test('count text where a number was before', () => {
    const decoded = decode('{"temp": 20, "vib": 1}', '{"temp": "sensor lost", "vib": 2}');
    expect(samplesOf(decoded)[1]).toMatchObject({ names: ['temp', 'vib'], values: [Number.NaN, 2] });
    expect(noiseOf(decoded)).toMatchObject([
      { reason: 'not-a-number', sizeBytes: 11, excerpt: 'temp=sensor lost' },
    ]);
  });

  test.each(['NaN', '-Infinity', '1e999', 'null', 'nan', '"err"', '""'])(
    'keep their other values when one is %s',
    (value) => {
      const decoded = decode(`{"a": 1, "b": ${value}, "c": 3}`);
      expect(samplesOf(decoded)[0]?.values).toEqual([1, Number.NaN, 3]);
      expect(noiseOf(decoded).map(({ reason }) => reason)).toEqual(['not-a-number']);
    },
  );

  test('may escape characters in names', () =>
    expect(read('{"\\u00d6l \\"A\\"": 1}')).toEqual([{ 'Öl "A"': 1 }]));

  test.each([
    ['a name twice', '{"a": 1, "a": 2}'],
    ['a flattened name twice', '{"a": {"b": 1}, "a.b": 2}'],
    ['__proto__', '{"__proto__": {"polluted": 1}}'],
    ['an escaped __proto__', '{"\\u005f_proto__": 1}'],
    ['a control character in a name', '{"a\\u0000": 1}'],
    ['too long a name', `{"${'n'.repeat(NAME_LENGTH_MAX + 1)}": 1}`],
    ['a fourth level', '{"a": {"b": {"c": {"d": 1}}}}'],
    ['arrays without end', `{"a": ${'['.repeat(10_000)}`],
    ['no number at all', '{"state": "ok"}'],
    ['nothing but a time', '{"ts": 1583748873}'],
    ['nothing', '{}'],
    ['half a line', '{"a": 1, "b"'],
    ['two lines run together', '{"a": 1{"a": 1}'],
    ['something after the end', '{"a": 1} x'],
    ['a missing value', '{"a": , "b": 1}'],
    ['a comma too many', '{"a": 1,}'],
    ['an unfinished text', '{"a": 1, "b": "x}'],
    ['a broken escape', '{"a\\x": 1}'],
    ['a word', '{"a": yes}'],
    ['a broken number', '{"a": 1.2.3}'],
  ])('with %s are unreadable, and the next line is read', (_, line) => {
    const decoded = decode(line, '{"ok": 1}');
    expect(noiseOf(decoded)).toMatchObject([{ reason: 'unreadable', sizeBytes: Buffer.byteLength(line) }]);
    expect(samplesOf(decoded)).toMatchObject([{ names: ['ok'], values: [1] }]);
  });

  test('are given up at the first name that is too long, so that nesting cannot multiply it', () => {
    const inner = '"a":1,'.repeat(1000);
    expect(readJsonLine(`{"${'n'.repeat(10_000)}": {${inner}"b": 1}}`)).toBeUndefined();
  });

  test('do not touch the prototype of anything', () => {
    decode('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('may have as many channels as the limit and no more', () => {
    const line = (count: number) =>
      JSON.stringify({ ts: 1, v: Array.from({ length: count }, (_, at) => at) });
    expect(samplesOf(decode(line(CHANNELS_MAX)))[0]?.values.length).toBe(CHANNELS_MAX);
    expect(reasonsOf(line(CHANNELS_MAX + 1))).toEqual(['too-many-channels']);
  });
});

describe('label:value lines', () => {
  test.each([
    'temp:21.5 hum:40',
    'temp:21.5\thum:40',
    'temp:21.5,hum:40',
    'temp: 21.5, hum: 40',
    'temp=21.5; hum=40',
    'temp = 21.5  hum = 40 ',
  ])('are read: %j', (line) => expect(read(line)).toEqual([{ temp: 21.5, hum: 40 }]));

  test('may be one value', () => expect(read('Öltemperatur:-3e1')).toEqual([{ Öltemperatur: -30 }]));

  test('carry their own time', () => {
    expect(samplesOf(decode('ms:120 vib:1'))[0]).toMatchObject({ deviceMs: 120, names: ['vib'] });
  });

  test('may split the time into a date and a time of day', () => {
    const [sample] = samplesOf(decode('date:2020-03-09 time:10:14:33 vib:1'));
    expect(sample?.deviceMs).toBe(Date.UTC(2020, 2, 9, 10, 14, 33));
  });

  test('keep their values when the time is broken, which is counted', () => {
    expect(decode('time:soon vib:1')).toMatchObject([
      { kind: 'sample', deviceMs: undefined, values: [1] },
      { kind: 'noise', reason: 'not-a-number', excerpt: 'time=soon' },
    ]);
  });

  test('keep their other values when one is nan', () => {
    expect(decode('a:nan b:2')).toMatchObject([
      { kind: 'sample', values: [Number.NaN, 2] },
      { kind: 'noise', reason: 'not-a-number', sizeBytes: 3 },
    ]);
  });

  test.each(['a:1 a:2', 'a:1 b', 'temp: hum:40', 'state:running', '__proto__:1', ':1', 'Booting...', '21.5'])(
    'are unreadable when they are like %j',
    (line) => expect(reasonsOf(line)).toEqual(['unreadable']),
  );
});

describe('text in general', () => {
  test('skips blank lines and comments without a word', () =>
    expect(decode('', '   ', '# vib in g', '\t', '#')).toEqual([]));

  test('shares one array of names while the layout stays the same', () => {
    const [a, b, c, d] = samplesOf(decode('{"x":1,"y":2}', 'z:1', '{"x":3,"y":4}', 'z:2'));
    expect(c?.names).toBe(a?.names);
    expect(d?.names).toBe(b?.names);
  });

  test('remembers a bounded number of layouts', () => {
    const decoder = createDecoder({ source: 'mcu', protocol: 'text' });
    const namesOf = (line: string) => samplesOf(decoder.decode(Buffer.from(`${line}\n`), 0))[0]?.names;
    const before = namesOf('first:1');
    for (let kind = 0; kind < 100; kind++) namesOf(`kind${kind}:1`);
    expect(namesOf('first:1')).not.toBe(before);
    expect(namesOf('first:1')).toEqual(before);
  });

  test('counts a line of 10 MB once, with its size, and reads the next', () => {
    const decoder = createDecoder({ source: 'mcu', protocol: 'text' });
    const chunk = Buffer.alloc(64 * 1024, 'abcd');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 160; count++) expect(decoder.decode(chunk, 0)).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    const [noise, sample] = decoder.decode(Buffer.from('\n{"a":1}\n'), 7);
    expect(noise).toMatchObject({ reason: 'line-too-long', sizeBytes: 160 * 64 * 1024, monoMs: 7 });
    expect(sample).toMatchObject({ kind: 'sample', values: [1] });
  });

  test('counts binary bytes and half characters as not UTF-8', () => {
    const bytes = Buffer.from([0xfd, 0x09, 0x00, 0x0a, 0x61, 0xc3, 0x0a]);
    const reasons = noiseOf(createDecoder({ source: 'mcu', protocol: 'text' }).decode(bytes, 0)).map(
      ({ reason }) => reason,
    );
    expect(reasons).toEqual(['not-utf8', 'not-utf8']);
  });

  test('shows at most 64 printable characters of noise', () => {
    const [noise] = noiseOf(
      createDecoder({ source: 'mcu', protocol: 'text' }).decode(
        Buffer.from(`\u0007x${'y'.repeat(999)}\n`),
        0,
      ),
    );
    expect(noise?.excerpt).toBe(`.x${'y'.repeat(62)}`);
  });

  test('calls half a line noise when the link is closed', () => {
    const decoder = createDecoder({ source: 'mcu', protocol: 'text' });
    decoder.decode(Buffer.from('{"a":1}\n{"a"'), 0);
    expect(decoder.reset(9)).toMatchObject([
      { kind: 'noise', reason: 'unreadable', sizeBytes: 4, monoMs: 9 },
    ]);
    expect(decoder.reset(10)).toEqual([]);
    expect(decoder.decode(Buffer.from('{"a":2}\n'), 11)).toMatchObject([{ kind: 'sample', values: [2] }]);
  });

  test('forgets the count of the device when the link is closed', () => {
    const decoder = createDecoder({ source: 'mcu', protocol: 'text' });
    decoder.decode(Buffer.from('ts:999999990 a:1\n'), 0);
    decoder.reset(0);
    const [sample] = decoder.decode(Buffer.from('ts:1000000010 a:1\n'), 0);
    expect(sample).toMatchObject({ deviceMs: 1_000_000_010_000 });
  });

  test('may change its format from line to line', () => {
    expect(read('{"a":1}', 'b:2', 'c,d', '3,4', '{"a":5}', '6,7')).toEqual([
      { a: 1 },
      { b: 2 },
      { c: 3, d: 4 },
      { a: 5 },
      { c: 6, d: 7 },
    ]);
  });
});

test('a recording whose last line has no end loses nothing; a link that was lost there does', () => {
  const bytes = Buffer.from('{"a":1}\n{"a":2}');
  const recording = createDecoder({ source: 'mcu', protocol: 'text' });
  const whole = [...recording.decode(bytes, 0), ...recording.finish(1), ...recording.reset(1)];
  expect(whole.map(({ kind }) => kind)).toEqual(['sample', 'sample']);
  const lost = createDecoder({ source: 'mcu', protocol: 'text' });
  const cut = [...lost.decode(bytes, 0), ...lost.reset(1)];
  expect(cut.map(({ kind }) => kind)).toEqual(['sample', 'noise']);
});
