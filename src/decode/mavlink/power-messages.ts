import { NUMBERED_MAX } from '../../values/flight-channels.ts';
import { type Read, reader } from './read-field.ts';
import { only, perInstance, type Rule, rules, scaled, UNKNOWN } from './rule.ts';

/** Channels of batteries and of speed controllers (ESC), whose messages hold arrays. */

const ESCS_PER_MESSAGE = 4;
const CELLS = { base: 10, extended: 4 } as const;
/** A slot with more holds a whole battery, not one cell. */
const CELL_VOLT_MAX = 5;

/** ESC_TELEMETRY_1_TO_4 and its successors; ArduPilot fills those without a controller with zeros. */
export function escTelemetryRules(message: string, first: number): readonly Rule[] {
  const values = ['rpm', 'voltage', 'current', 'temperature', 'count'];
  return escs(first).flatMap(({ esc, index }) => {
    const reads = values.map((name) => reader(message, name, index));
    const isThere = (payload: DataView) => reads.some((read) => read(payload) !== 0);
    const value = (name: string, scale: number) => only(isThere, scaled(reader(message, name, index), scale));
    return rules({
      [`esc.${esc}.rpm`]: value('rpm', 1),
      [`esc.${esc}.voltage`]: value('voltage', 0.01),
      [`esc.${esc}.current`]: value('current', 0.01),
      [`esc.${esc}.temperature`]: value('temperature', 1),
    });
  });
}

const escStatusOf = perInstance((first) =>
  escs(first).flatMap(({ esc, index }) => {
    const read = (name: string) => reader('ESC_STATUS', name, index);
    const all = ['rpm', 'voltage', 'current'].map(read);
    const isThere = (payload: DataView) => all.some((value) => value(payload) !== 0);
    return rules({
      [`esc.${esc}.rpm`]: only(isThere, read('rpm')),
      [`esc.${esc}.voltage`]: only(isThere, read('voltage')),
      [`esc.${esc}.current`]: only(isThere, read('current')),
    });
  }),
);

const escInfoOf = perInstance((first) => {
  const count = reader('ESC_INFO', 'count');
  return escs(first).flatMap(({ esc, index }) => {
    const isThere = (payload: DataView) => esc <= count(payload);
    return rules({
      [`esc.${esc}.temperature`]: only(
        isThere,
        scaled(reader('ESC_INFO', 'temperature', index), 0.01, UNKNOWN.int16),
      ),
      [`esc.${esc}.errors`]: only(isThere, reader('ESC_INFO', 'error_count', index)),
    });
  });
});

const escStatusFirst = reader('ESC_STATUS', 'index');
const escInfoFirst = reader('ESC_INFO', 'index');

export const escStatusRules = (payload: DataView) => escStatusOf(firstEsc(escStatusFirst(payload)));
export const escInfoRules = (payload: DataView) => escInfoOf(firstEsc(escInfoFirst(payload)));

const batteryId = reader('BATTERY_STATUS', 'id');
const slots: readonly Read[] = [
  ...Array.from({ length: CELLS.base }, (_, at) =>
    scaled(reader('BATTERY_STATUS', 'voltages', at), 0.001, UNKNOWN.uint16),
  ),
  ...Array.from({ length: CELLS.extended }, (_, at) =>
    scaled(reader('BATTERY_STATUS', 'voltages_ext', at), 0.001, 0),
  ),
];

/** Two or more slots, each of which can be a cell. */
function hasCells(payload: DataView): boolean {
  const volts = slots.map((read) => read(payload)).filter((volt) => !Number.isNaN(volt));
  return volts.length >= 2 && volts.every((volt) => volt < CELL_VOLT_MAX);
}

const firstBattery = rules({
  'battery.used': scaled(reader('BATTERY_STATUS', 'current_consumed'), 1, UNKNOWN.minusOne),
  'battery.temperature': scaled(reader('BATTERY_STATUS', 'temperature'), 0.01, UNKNOWN.int16),
});
const firstBatteryWithCells = [
  ...firstBattery,
  ...slots.flatMap((read, at) => rules({ [`battery.cell${at + 1}`]: read })),
];

/** Voltage, current and what remains of the first battery are in SYS_STATUS, which every autopilot sends. */
export function batteryRules(payload: DataView): readonly Rule[] {
  if (batteryId(payload) !== 0) return [];
  return hasCells(payload) ? firstBatteryWithCells : firstBattery;
}

/** A number that is out of the vocabulary means that the message has nothing to say. */
function firstEsc(index: number): number {
  return index % ESCS_PER_MESSAGE === 0 ? index + 1 : NUMBERED_MAX + 1;
}

function escs(first: number): { readonly esc: number; readonly index: number }[] {
  return Array.from({ length: ESCS_PER_MESSAGE }, (_, index) => ({ esc: first + index, index })).filter(
    ({ esc }) => esc <= NUMBERED_MAX,
  );
}
