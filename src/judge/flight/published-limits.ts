import type { FlightChannelName } from '../../values/flight-channels.ts';
import type { LimitFinding, LimitSource } from '../../values/flight-finding.ts';

/**
 * Limits that the makers of autopilots publish, with where they say so. They hold for every vehicle, so nothing has to be
 * learned; the maker's own waiting time is taken where there is one, so that no single sample makes a finding.
 */

/** What a rule may look at beside its own channel. */
export interface LimitContext {
  /** Latest value of any channel of the rules; NaN where there is none. */
  get(channel: FlightChannelName): number;
  /** Clipped samples when it took off. */
  readonly clipsAtTakeOff: number;
  /** Cells in series; NaN while nobody has said it. */
  readonly cells: number;
}

export interface LimitRule extends Pick<LimitFinding, 'rule' | 'severity' | 'direction' | 'limit' | 'unit'> {
  /** Each is watched on its own. */
  readonly channels: readonly FlightChannelName[];
  /** What is compared with the limit; the value of the channel where this is not given. */
  readonly value?: (channel: FlightChannelName, context: LimitContext) => number;
  /** So long it must be beyond the limit to open, and within it to close. */
  readonly holdMs: number;
  /** On the ground it means nothing. */
  readonly isInFlight: boolean;
  readonly source: LimitSource;
}

const ESCS_MAX = 16;
const CELLS_MAX = 12;

const numbered = (count: number, name: (number: number) => FlightChannelName) =>
  Array.from({ length: count }, (_, index) => name(index + 1));
const cells = numbered(CELLS_MAX, (number) => `battery.cell${number}`);

const wiki = (title: string, page: string): LimitSource => ({
  title: `ArduPilot, ${title}`,
  url: `https://ardupilot.org/copter/docs/${page}.html`,
});
const code = (title: string, path: string): LimitSource => ({
  title: `ArduPilot, ${title}`,
  url: `https://github.com/ArduPilot/ardupilot/blob/master/${path}`,
});
const VIBRATION = wiki('Measuring Vibration', 'common-measuring-vibration');
const LOGS = wiki('Diagnosing problems using Logs', 'common-diagnosing-problems-using-logs');
const EKF_CHECK = wiki('EKF Failsafe (FS_EKF_THRESH)', 'ekf-inav-failsafe');

const vibration = {
  channels: ['vibration.x', 'vibration.y', 'vibration.z'],
  unit: 'm/s2',
  direction: 'above',
  holdMs: 2000,
  isInFlight: true,
  source: VIBRATION,
} as const;

const board = {
  channels: ['power.board'],
  unit: 'V',
  severity: 'warning',
  holdMs: 1000,
  isInFlight: false,
  source: code('board voltage check before arming', 'libraries/AP_Arming/AP_Arming.cpp'),
} as const;

export const PUBLISHED_LIMITS: readonly LimitRule[] = [
  { ...vibration, rule: 'vibration', severity: 'warning', limit: 30 },
  { ...vibration, rule: 'vibration-high', severity: 'critical', limit: 60 },
  {
    rule: 'clipping',
    channels: ['vibration.clips'],
    value: (channel, { get, clipsAtTakeOff }) => get(channel) - clipsAtTakeOff,
    unit: '1',
    direction: 'above',
    limit: 100,
    severity: 'warning',
    holdMs: 1000,
    isInFlight: true,
    source: VIBRATION,
  },
  {
    rule: 'ekf-variance',
    channels: ['ekf.velocity', 'ekf.position', 'ekf.height', 'ekf.compass'],
    unit: '1',
    direction: 'above',
    limit: 0.8,
    severity: 'critical',
    holdMs: 1000,
    isInFlight: true,
    source: EKF_CHECK,
  },
  {
    rule: 'attitude-error',
    channels: ['attitude.roll', 'attitude.pitch'],
    value: (channel, { get }) =>
      Math.abs(
        get(channel) - get(channel === 'attitude.roll' ? 'attitude.rollDemand' : 'attitude.pitchDemand'),
      ),
    unit: 'deg',
    direction: 'above',
    limit: 30,
    severity: 'critical',
    holdMs: 2000,
    isInFlight: true,
    source: wiki('Crash Check', 'crash_check'),
  },
  {
    rule: 'gnss-dilution',
    channels: ['gnss.hdop'],
    unit: '1',
    direction: 'above',
    limit: 2,
    severity: 'notice',
    holdMs: 5000,
    isInFlight: true,
    source: LOGS,
  },
  {
    rule: 'gnss-satellites',
    channels: ['gnss.satellites'],
    unit: '1',
    direction: 'below',
    limit: 6,
    severity: 'warning',
    holdMs: 5000,
    isInFlight: true,
    source: {
      title: 'PX4, parameter EKF2_REQ_NSATS',
      url: 'https://docs.px4.io/main/en/advanced_config/parameter_reference.html#EKF2_REQ_NSATS',
    },
  },
  {
    rule: 'cell-low',
    channels: ['battery.voltage', ...cells],
    value: (channel, { get, cells: count }) =>
      channel === 'battery.voltage' ? get(channel) / count : get(channel),
    unit: 'V',
    direction: 'below',
    limit: 3.5,
    severity: 'warning',
    holdMs: 10_000,
    isInFlight: true,
    source: code(
      'default of BATT_LOW_VOLT, 10.5 V of three cells',
      'libraries/AP_BattMonitor/AP_BattMonitor_Params.cpp',
    ),
  },
  {
    rule: 'cell-spread',
    channels: cells,
    value: (channel, { get }) =>
      Math.max(...cells.map(get).filter((volts) => !Number.isNaN(volts))) - get(channel),
    unit: 'V',
    direction: 'above',
    limit: 0.2,
    severity: 'warning',
    holdMs: 10_000,
    isInFlight: false,
    source: code('balance of cells before arming', 'libraries/AP_Scripting/examples/cell_balance_check.lua'),
  },
  {
    rule: 'esc-temperature',
    channels: numbered(ESCS_MAX, (number) => `esc.${number}.temperature`),
    unit: 'degC',
    direction: 'above',
    limit: 140,
    severity: 'critical',
    holdMs: 1000,
    isInFlight: false,
    source: {
      title: 'BLHeli_S, default of its temperature protection',
      url: 'https://github.com/bitdump/BLHeli/blob/master/BLHeli_S%20SiLabs/BLHeli_S.asm',
    },
  },
  { ...board, rule: 'board-voltage-low', direction: 'below', limit: 4.3 },
  { ...board, rule: 'board-voltage-high', direction: 'above', limit: 5.8 },
];
