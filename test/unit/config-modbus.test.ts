import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';

const line = (baudRate = 9600) => `link: { type: serial, path: /dev/ttyUSB0, baudRate: ${baudRate} }`;
const device = (unit: number, link = line()) =>
  `{ protocol: modbus, ${link}, modbus: { unit: ${unit}, profile: eastron-sdm } }`;

function faultsOf(...sources: string[]): string[] {
  const keys = ['one', 'two'];
  const entries = sources.map((source, at) => `  ${keys[at]}: ${source}`);
  const result = parseConfig(['site: s', 'node: n', 'sources:', ...entries, 'assets: {}'].join('\n'));
  return 'faults' in result ? result.faults.map(({ key, reason }) => `${key} ${reason}`) : [];
}

describe('sources on a Modbus line', () => {
  test('may share it, and may read the same unit twice', () => {
    expect(faultsOf(device(1), device(2))).toEqual([]);
    expect(faultsOf(device(1), device(1))).toEqual([]);
  });

  test('must agree about it', () => {
    expect(faultsOf(device(1), device(2, line(19_200)))).toEqual([
      'sources.two.link differs from that of source one on the same line',
    ]);
  });

  test('share it with no other protocol', () => {
    expect(faultsOf(device(1), `{ protocol: text, ${line()} }`)).toEqual([
      'sources.two.link is that of source one, which speaks another protocol',
    ]);
  });

  test.each([
    [`{ protocol: modbus, ${line()} }`, /^sources\.one\.modbus is missing: protocol modbus needs it/],
    [`{ ${line()}, modbus: { unit: 1, profile: x } }`, /^sources\.one\.modbus needs protocol: modbus/],
    [
      '{ protocol: modbus, link: { type: file, path: a.bin }, modbus: { unit: 1, profile: x } }',
      /cannot be asked/,
    ],
    [
      `{ protocol: modbus, ${line()}, modbus: { unit: 1, profile: x, framing: tcp } }`,
      /framing is not spoken on serial/,
    ],
    [`{ protocol: modbus, ${line()}, modbus: { unit: 300, profile: x } }`, /modbus\.unit/],
    [
      `{ protocol: modbus, ${line()}, modbus: { unit: 1, profile: x, every: 1ms } }`,
      /modbus\.every must be a duration/,
    ],
  ])('say what is wrong with one: %s', (source, fault) => {
    expect(faultsOf(source).join('\n')).toMatch(fault);
  });
});
