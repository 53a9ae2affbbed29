import { type Read, reader } from './read-field.ts';

/** Messages of the autopilot that carry the time since its boot. */
const TIMED = [
  'SYSTEM_TIME',
  'ATTITUDE',
  'GLOBAL_POSITION_INT',
  'ATTITUDE_TARGET',
  'SCALED_IMU2',
  'SCALED_IMU3',
];

/** Messages overtake each other by less; a time that falls back by more is that of a new boot. */
const SETBACK_MS_MAX = 1000;

/** The time since the boot of the autopilot, which each message that carries it brings forward. */
export class BootClock {
  #bootMs: number | undefined;

  /** Milliseconds since boot; undefined while no message has told. */
  get bootMs(): number | undefined {
    return this.#bootMs;
  }

  /** @returns whether the autopilot was started anew */
  hear(bootMs: number): boolean {
    const last = this.#bootMs ?? bootMs;
    const isNewBoot = bootMs < last - SETBACK_MS_MAX;
    this.#bootMs = isNewBoot ? bootMs : Math.max(last, bootMs);
    return isNewBoot;
  }
}

/** How to read the time since boot, by the name of the message. */
export const BOOT_TIMES: ReadonlyMap<string, Read> = new Map(
  TIMED.map((name) => [name, reader(name, 'time_boot_ms')]),
);
