import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DOCUMENT_BYTES_MAX, putAsideOf, readMessage } from '../../src/collect/message.ts';
import { eventOf } from '../support/collected-reports.ts';

const TOPIC = 'fieldnote/plant/pump7/incident/pump';
const read = (value: unknown, topic = TOPIC) =>
  readMessage({ topic, payload: Buffer.from(JSON.stringify(value)), encoding: undefined });

describe('a message of a node', () => {
  test('is a report with its place, and is kept as it came', () => {
    const event = { ...eventOf(7), later: 'versions may say more' };
    expect(read(event)).toEqual({
      kind: 'report',
      report: {
        ...{ site: 'plant', node: 'pump7', epoch: 'a1b2', lane: 'incident', sequence: 7, id: 'i7/1' },
        ...{ type: 'fieldnote.incident.opened', subject: 'pump', time: '2026-11-23T12:00:00.000Z' },
        document: JSON.stringify(event),
      },
    });
  });

  test('is a list of gaps, each with the epoch that its numbers belong to', () => {
    const gap = {
      id: 3,
      reason: 'evicted',
      detail: 'full',
      count: 2,
      lane: 'update',
      fromSeq: 4,
      toSeq: 5,
      at: null,
    };
    const document = { epoch: 'new', gaps: [gap, { ...gap, id: 4, epoch: 'old', lane: null }] };
    const place = { site: 'plant', node: 'pump7', reason: 'evicted', detail: 'full', count: 2 };
    expect(read(document, 'fieldnote/plant/pump7/gap')).toEqual({
      kind: 'gaps',
      gaps: [
        { ...place, epoch: 'new', id: 3, lane: 'update', fromSequence: 4, toSequence: 5 },
        { ...place, epoch: 'old', id: 4, lane: null, fromSequence: 4, toSequence: 5 },
      ],
    });
  });

  test('may be packed, but to no size without an end', () => {
    const pack = (text: string) => ({ topic: TOPIC, payload: gzipSync(text), encoding: 'gzip' });
    const document = JSON.stringify(eventOf(7));
    expect(readMessage(pack(document))).toMatchObject({ kind: 'report', report: { sequence: 7, document } });
    const bomb = readMessage(pack(`"${'x'.repeat(10_000_000)}"`));
    expect(bomb).toEqual({ kind: 'unreadable', reason: expect.stringContaining('larger than') });
    expect(readMessage({ ...pack('1'), payload: Buffer.from('1') }).kind).toBe('unreadable');
  });

  test('without a store has no gaps that could be placed', () => {
    expect(read({ gaps: [] }, 'fieldnote/plant/pump7/gap')).toEqual({ kind: 'gaps', gaps: [] });
  });

  test.each([
    ['another version of CloudEvents', { specversion: '2.0' }, /specversion/],
    ['no id', { id: undefined }, /id/],
    ['a NUL in its id', { id: 'i\u0000' }, /id/],
    ['half a character in its id', { id: 'i\ud800' }, /id/],
    ['an id without an end', { id: 'i'.repeat(513) }, /id/],
    ['the source of another node', { source: 'fieldnote/plant/pump8' }, /another node/],
    ['no epoch', { epoch: undefined }, /epoch/],
    ['no lane', { lane: undefined }, /lane/],
    ['a lane that is none', { lane: '../critical' }, /lane/],
    ['sequence 0', { sequence: '0' }, /sequence/],
    ['a negative sequence', { sequence: '-1' }, /sequence/],
    ['a sequence over 2^53', { sequence: '9999999999999999' }, /sequence/],
    ['a time that is none', { time: 'yesterday' }, /time/],
    ['no data', { data: 'text' }, /data/],
  ])('with %s is put aside with its reason', (_name, change, reason) => {
    const content = read({ ...eventOf(1), ...change });
    expect(content).toEqual({ kind: 'unreadable', reason: expect.stringMatching(reason) });
  });

  test.each([
    ['no JSON', Buffer.from('{"specversion')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['empty', Buffer.alloc(0)],
    ['a number', Buffer.from('1')],
    ['nothing', Buffer.from('null')],
    ['deep beyond measure', Buffer.from('['.repeat(100_000))],
    ['too large', Buffer.from(`"${'x'.repeat(DOCUMENT_BYTES_MAX)}"`)],
  ])('that is %s is put aside', (_name, payload) => {
    for (const topic of [TOPIC, 'fieldnote/plant/pump7/gap'])
      expect(readMessage({ topic, payload, encoding: undefined }).kind).toBe('unreadable');
  });

  test.each([
    'fieldnote',
    'fieldnote//n/incident/a',
    'other/s/n/incident/a',
    '',
    'fieldnote/s\u0000/n/incident/a',
  ])('on the topic %j is put aside', (topic) => {
    expect(read(eventOf(1), topic).kind).toBe('unreadable');
  });

  test('whatever it is throws nothing, and what is put aside is bounded and fit for any database', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 9000 }), (topic, bytes) => {
        const payload = Buffer.from(bytes);
        expect(readMessage({ topic, payload, encoding: undefined }).kind).toBe('unreadable');
        for (const text of Object.values(putAsideOf(topic, payload, topic))) {
          expect(text.length).toBeLessThanOrEqual(4096);
          expect(text.isWellFormed() && !text.includes('\0')).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
