import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeviceTime, isTimeName, readDate } from '../../src/decode/device-time.ts';

describe('isTimeName', () => {
  test.each(['time', 'Datetime', 'DATETIME', 'timestamp', 'ts', 'TS', 't', 'ms', 'Date'])(
    'takes %s',
    (name) => expect(isTimeName(name)).toBe(true),
  );

  test.each(['T', 'temp', 'runtime', 'times', 'a.time', 'time2', ''])('does not take %j', (name) =>
    expect(isTimeName(name)).toBe(false),
  );
});

describe('readDate', () => {
  test.each([
    ['2020-03-09 10:14:33', '2020-03-09T10:14:33Z'],
    ['2020-03-09T10:14:33.250Z', '2020-03-09T10:14:33.250Z'],
    ['2020-03-09T10:14:33+02:00', '2020-03-09T08:14:33Z'],
    ['2020-03-09T10:14:33-0330', '2020-03-09T13:44:33Z'],
    ['2020/3/9 1:05', '2020-03-09T01:05:00Z'],
    ['2020-02-29', '2020-02-29T00:00:00Z'],
    ['09/03/2020 10:14:33', '2020-03-09T10:14:33Z'],
    ['09.03.2020 10:14', '2020-03-09T10:14:00Z'],
    ['06/01/14 00', '2014-01-06T00:00:00Z'],
    ['31/12/16 23', '2016-12-31T23:00:00Z'],
  ])('reads %s', (text, iso) => expect(readDate(text)).toBe(Date.parse(iso)));

  test.each([
    ['a day that does not exist', '2021-02-29 00:00:00'],
    ['a thirteenth month', '01/13/2020 00:00'],
    ['month zero', '2020-00-10'],
    ['25 o’clock', '2020-01-01 25:00'],
    ['61 minutes', '2020-01-01 10:61'],
    ['text', 'noon'],
    ['a time of day alone', '10:14:33'],
    ['half a date', '2020-03-'],
  ])('refuses %s', (_, text) => expect(readDate(text)).toBeUndefined());

  test('reads what Date prints', () => {
    const date = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, (moment) => {
        expect(readDate(moment.toISOString())).toBe(moment.getTime());
      }),
    );
  });
});

describe('DeviceTime', () => {
  const readAll = (name: string, ...texts: string[]) => {
    const time = new DeviceTime();
    return texts.map((text) => time.read(name, text));
  };

  test('reads Unix milliseconds', () =>
    expect(readAll('ts', '1583748873123', '1583748874123')).toEqual([1583748873123, 1583748874123]));

  test('reads Unix seconds to the microsecond', () =>
    expect(readAll('ts', '1583748873', '1583748873.123456')).toEqual([1583748873000, 1583748873123.456]));

  test('reads the device’s own count of milliseconds', () =>
    expect(readAll('t', '0', '20', '1500.5')).toEqual([0, 20, 1500.5]));

  test('keeps the unit of a count that runs past a thousand million', () =>
    expect(readAll('ts', '999999990', '1000000010')).toEqual([999999990, 1000000010]));

  test('sees that a device got its clock set', () =>
    expect(readAll('ts', '3', '1583748873')).toEqual([3, 1583748873000]));

  test('sees that a device counts from the start again', () =>
    expect(readAll('ts', '1583748873', '12')).toEqual([1583748873000, 12]));

  test('takes a field named ms at its word', () => expect(readAll('ms', '1583748873')).toEqual([1583748873]));

  test('forgets the count when the link was closed', () => {
    const time = new DeviceTime();
    time.read('ts', '999999990');
    time.forget();
    expect(time.read('ts', '1000000010')).toBe(1000000010000);
  });

  test.each(['-1', 'NaN', '1e999', '1e20', '', 'yesterday'])('refuses %j', (text) =>
    expect(readAll('ts', text)).toEqual([undefined]),
  );
});
