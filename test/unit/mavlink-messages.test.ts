import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../src/decode/mavlink/layout.ts';
import { baseSizeOf, crcExtraOf, MESSAGES } from '../../src/decode/mavlink/messages.ts';

/** Id, base size, full size and CRC_EXTRA as others have published or measured them. */
const PUBLISHED: Readonly<Record<string, readonly [number, number, number, number]>> = {
  HEARTBEAT: [0, 9, 9, 50],
  SYS_STATUS: [1, 31, 43, 124],
  GPS_RAW_INT: [24, 30, 52, 24],
  RAW_IMU: [27, 26, 29, 144],
  ATTITUDE: [30, 28, 28, 39],
  SERVO_OUTPUT_RAW: [36, 21, 37, 222],
  NAV_CONTROLLER_OUTPUT: [62, 26, 26, 183],
  VFR_HUD: [74, 20, 20, 20],
  ATTITUDE_TARGET: [83, 37, 37, 22],
  HIGHRES_IMU: [105, 62, 63, 93],
  SCALED_IMU2: [116, 22, 24, 76],
  POWER_STATUS: [125, 6, 6, 203],
  SCALED_IMU3: [129, 22, 24, 46],
  BATTERY_STATUS: [147, 36, 54, 154],
  EKF_STATUS_REPORT: [193, 22, 26, 71],
  ESTIMATOR_STATUS: [230, 42, 42, 163],
  VIBRATION: [241, 32, 32, 90],
  EXTENDED_SYS_STATE: [245, 2, 2, 130],
  STATUSTEXT: [253, 51, 54, 83],
  ESC_INFO: [290, 46, 46, 251],
  ESC_STATUS: [291, 57, 57, 10],
  ESC_TELEMETRY_1_TO_4: [11030, 44, 44, 144],
};

describe('the table of MAVLink messages', () => {
  test.each(Object.entries(PUBLISHED))('has %s as it is published', (name, expected) => {
    const { id, baseSize, fullSize, crcExtra } = MESSAGES.get(name) ?? {};
    expect([id, baseSize, fullSize, crcExtra]).toEqual(expected);
  });

  test('agrees with itself: what the fields come to is what is known of the message', () => {
    expect(MESSAGES.size).toBeGreaterThan(25);
    for (const { id, crcExtra, baseSize } of MESSAGES.values())
      expect([crcExtraOf(id), baseSizeOf(id)]).toEqual([crcExtra, baseSize]);
  });

  test('knows nothing of ids that nobody has published', () => {
    expect([3, 60_999, 65_536, 0xffffff].map(crcExtraOf)).toEqual([-1, -1, -1, -1]);
  });

  test('puts larger types first and otherwise keeps the order, with extensions behind', () => {
    const { fields, baseSize, fullSize } = layoutOf({
      id: 1,
      name: 'X',
      fields: ['uint8_t a', 'uint16_t b', 'uint64_t c', 'uint16_t d[3]'],
      extensions: ['uint32_t e'],
    });
    expect([...fields.values()].map(({ name, offset }) => `${name}${offset}`)).toEqual([
      'c0',
      'b8',
      'd10',
      'a16',
      'e17',
    ]);
    expect([baseSize, fullSize]).toEqual([17, 21]);
  });

  test('shows a wrong list of fields by its checksum', () => {
    const fields = ['uint8_t landed_state', 'uint8_t vtol_state'];
    const extra = (list: string[]) =>
      layoutOf({ id: 245, name: 'EXTENDED_SYS_STATE', fields: list, extensions: [] }).crcExtra;
    expect(extra(fields.toReversed())).toBe(130);
    expect(extra(fields)).not.toBe(130);
  });

  test('refuses a type that does not exist', () => {
    expect(() => layoutOf({ id: 1, name: 'X', fields: ['uint24_t a'], extensions: [] })).toThrow(
      'uint24_t a',
    );
  });
});
