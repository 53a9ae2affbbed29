import { encodePacket } from './encode.ts';
import { AUTOPILOT } from './flight-messages.ts';
import { messageNamed } from './messages.ts';
import { reader } from './read-field.ts';
import type { Signing } from './signing.ts';
import type { Vehicle } from './vehicle.ts';

/**
 * What is said to a vehicle, where the configuration allows it: a heartbeat each second, so that it knows that there is a
 * companion computer, and MAV_CMD_SET_MESSAGE_INTERVAL for the messages that are of use (mavlink.io, "Onboard
 * Computers", "Command Protocol"). One question at a time, each a few times at most; nothing before its heartbeat is heard.
 */

/** MAV_COMP_ID_ONBOARD_COMPUTER, on the system of the vehicle that it is a part of. */
const OWN_COMPONENT = 191;

/** MAV_TYPE_ONBOARD_CONTROLLER, MAV_AUTOPILOT_INVALID, MAV_STATE_ACTIVE, the version of the protocol. */
const HEARTBEAT = { type: 18, autopilot: 8, system_status: 4, mavlink_version: 3 } as const;
const HEARTBEAT_MS = 1000;
const SET_MESSAGE_INTERVAL = 511;
const OWN_LINK_ID = 191;

/** MAV_RESULT */
const RESULT = { accepted: 0, temporarilyRejected: 1, inProgress: 5 } as const;

const ANSWER_TIMEOUT_MS = 1500;
/** Questions about one message in one boot of the autopilot, and the wait before one is asked again. */
const TRIES_MAX = 5;
const TRY_AGAIN_MS = 10_000;
/** A message that was granted and does not come for so long is asked for again. */
const MISSING_MS = 10_000;
/** A vehicle that was not heard for so long is not asked. */
const AWAY_MS = 5000;

/** Together about 3 kB/s, which a port at 57600 baud carries. */
const RATES_HZ: Readonly<Record<string, number>> = {
  ATTITUDE: 10,
  ATTITUDE_TARGET: 10,
  SERVO_OUTPUT_RAW: 10,
  VIBRATION: 4,
  GLOBAL_POSITION_INT: 4,
  VFR_HUD: 4,
  GPS_RAW_INT: 2,
  SYS_STATUS: 2,
  BATTERY_STATUS: 1,
  EXTENDED_SYS_STATE: 1,
  POWER_STATUS: 1,
  SYSTEM_TIME: 1,
};
const RATES_OF_MAKER_HZ: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  [AUTOPILOT.ardupilot]: {
    RAW_IMU: 10,
    SCALED_IMU2: 4,
    SCALED_IMU3: 4,
    EKF_STATUS_REPORT: 2,
    ESC_TELEMETRY_1_TO_4: 4,
    ESC_TELEMETRY_5_TO_8: 4,
  },
  [AUTOPILOT.px4]: { HIGHRES_IMU: 10, ESTIMATOR_STATUS: 2, ESC_STATUS: 4, ESC_INFO: 1 },
};

const commandOf = reader('COMMAND_ACK', 'command');
const resultOf = reader('COMMAND_ACK', 'result');

interface Wanted {
  readonly id: number;
  readonly intervalUs: number;
  tries: number;
  /** When it may be asked for (again). */
  dueMs: number;
  /** When it was last heard, or granted. */
  heardMs: number;
  state: 'asking' | 'granted' | 'refused';
}

export class Requests {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #signing: Signing | undefined;
  #vehicle: Vehicle | undefined;
  #wanted: Wanted[] = [];
  #asked: { readonly wanted: Wanted; readonly atMs: number } | undefined;
  #heardMs = 0;
  #heartbeatMs = Number.NEGATIVE_INFINITY;
  #sequence = 0;

  constructor(send: (bytes: Uint8Array) => void, signing: Signing | undefined) {
    this.#send = send;
    this.#signing = signing;
  }

  /** A vehicle was chosen, or was started anew: it has forgotten what it was asked. */
  begin(vehicle: Vehicle): void {
    const rates = { ...RATES_HZ, ...RATES_OF_MAKER_HZ[vehicle.autopilot] };
    this.#vehicle = vehicle;
    this.#asked = undefined;
    this.#wanted = Object.entries(rates).map(([name, rateHz]) => ({
      ...{ id: messageNamed(name).id, intervalUs: Math.round(1e6 / rateHz) },
      ...{ tries: 0, dueMs: Number.NEGATIVE_INFINITY, heardMs: 0, state: 'asking' },
    }));
  }

  /** The link was closed: nothing is said before a vehicle is heard again. */
  forget(): void {
    this.#vehicle = undefined;
  }

  /** A message of the autopilot came. */
  heard(id: number, monoMs: number): void {
    this.#heardMs = monoMs;
    for (const wanted of this.#wanted) if (wanted.id === id) wanted.heardMs = monoMs;
  }

  answered(acknowledgement: DataView, monoMs: number): void {
    if (this.#asked === undefined || commandOf(acknowledgement) !== SET_MESSAGE_INTERVAL) return;
    const { wanted } = this.#asked;
    const result = resultOf(acknowledgement);
    if (result === RESULT.inProgress) return;
    this.#asked = undefined;
    if (result === RESULT.temporarilyRejected) return;
    wanted.state = result === RESULT.accepted ? 'granted' : 'refused';
    wanted.heardMs = monoMs;
  }

  tick(monoMs: number): void {
    if (this.#vehicle === undefined) return;
    if (monoMs - this.#heartbeatMs >= HEARTBEAT_MS) {
      this.#heartbeatMs = monoMs;
      this.#say(this.#vehicle, 'HEARTBEAT', HEARTBEAT);
    }
    if (monoMs - this.#heardMs > AWAY_MS) return;
    if (this.#asked !== undefined && monoMs - this.#asked.atMs < ANSWER_TIMEOUT_MS) return;
    const wanted = this.#wanted.find((one) => isToBeAsked(one, monoMs));
    if (wanted !== undefined) this.#ask(this.#vehicle, wanted, monoMs);
  }

  #ask(vehicle: Vehicle, wanted: Wanted, monoMs: number): void {
    wanted.tries++;
    wanted.dueMs = monoMs + TRY_AGAIN_MS;
    wanted.state = 'asking';
    this.#asked = { wanted, atMs: monoMs };
    this.#say(vehicle, 'COMMAND_LONG', {
      target_system: vehicle.system,
      target_component: vehicle.component,
      command: SET_MESSAGE_INTERVAL,
      param1: wanted.id,
      param2: wanted.intervalUs,
    });
  }

  #say({ system }: Vehicle, message: string, fields: Readonly<Record<string, number>>): void {
    const isSigned = this.#signing !== undefined;
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xff;
    const packet = encodePacket({ message, fields, system, component: OWN_COMPONENT, sequence, isSigned });
    this.#send(this.#signing?.sign(packet, OWN_LINK_ID) ?? packet);
  }
}

function isToBeAsked({ state, tries, dueMs, heardMs }: Wanted, monoMs: number): boolean {
  if (state === 'refused' || tries >= TRIES_MAX || monoMs < dueMs) return false;
  return state === 'asking' || monoMs - heardMs > MISSING_MS;
}
