import { describe, expect, test } from 'vitest';
import {
  blamesPublish,
  connectRefused,
  disconnected,
  isLasting,
  publishRefused,
  reasonText,
  verdictOf,
} from '../../src/publish/reasons.ts';
import { FieldnoteError } from '../../src/system/errors.ts';

const WHOM = { broker: 'mqtt://b:1', username: 'alice' };

describe('a PUBACK', () => {
  test.each([
    [0x00, 'delivered'],
    [0x10, 'delivered'],
    [0x80, 'retry'],
    [0x83, 'retry'],
    [0x87, 'retry-slowly'],
    [0x90, 'quarantine'],
    [0x91, 'retry'],
    [0x95, 'retry'],
    [0x97, 'retry'],
    [0x99, 'quarantine'],
    [0xff, 'retry'],
  ])('with code %i means %s', (code, verdict) => {
    expect(verdictOf('puback', code)).toBe(verdict);
  });
});

describe('a refused connection', () => {
  test('names the broker, the user, the reason and what to do', () => {
    expect(connectRefused(0x86, WHOM).message).toBe(
      'broker mqtt://b:1 refused user "alice": 0x86 bad user name or password (check mqtt.username and mqtt.passwordFile)',
    );
  });

  test('without a user name says so', () => {
    const { message } = connectRefused(0x87, { ...WHOM, username: undefined });
    expect(message).toContain('refused a client without a user name: 0x87 not authorized');
  });

  test.each([0x01, 0x05, 0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x9a, 0x9c, 0x9d])('with %i lasts', (code) => {
    expect(isLasting(connectRefused(code, WHOM))).toBe(true);
  });

  test.each([0x80, 0x83, 0x88, 0x89, 0x8b, 0x97, 0x9f])('with %i passes', (code) => {
    expect(isLasting(connectRefused(code, WHOM))).toBe(false);
  });
});

describe('a lost connection', () => {
  test.each([0x90, 0x95, 0x99])('with %i blames a publish', (code) => {
    expect(blamesPublish(disconnected(code, { broker: 'b', clientId: 'c' }))).toBe(true);
  });

  test.each([0x81, 0x82, 0x8b, 0x8d, 0x93, 0x97])('with %i does not', (code) => {
    expect(blamesPublish(disconnected(code, { broker: 'b', clientId: 'c' }))).toBe(false);
  });

  test('without a reason code passes and blames nobody', () => {
    const error = new FieldnoteError('PUBLISH_LOST', 'gone');
    expect([isLasting(error), blamesPublish(error)]).toEqual([false, false]);
  });

  test('to another client with the same id lasts', () => {
    const error = disconnected(0x8e, { broker: 'b', clientId: 'fieldnote.s.n' });
    expect(isLasting(error)).toBe(true);
    expect(error.message).toContain('fieldnote.s.n');
  });
});

test('a refused publish blames no connection', () => {
  expect(blamesPublish(publishRefused(0x90, { broker: 'b', topic: 't' }))).toBe(false);
});

test('codes that nobody has defined have a text', () => {
  expect(reasonText(0x42)).toBe('0x42 unknown reason');
  expect(reasonText(0x02)).toBe('0x02 identifier rejected');
});
