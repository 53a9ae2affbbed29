import { reader } from './read-field.ts';

/** A receiver that told of a fix so long ago may have lost it. */
const FIX_VALID_MS = 5000;

/** GPS_FIX_TYPE_3D_FIX */
const FIX_3D = 3;

/** The message waits for its turn in the autopilot, and takes its time on a slow line or a radio. */
const ERROR_MS = 1000;

const fixOf = reader('GPS_RAW_INT', 'fix_type');
const timeOf = reader('SYSTEM_TIME', 'time_unix_usec');

/** The time of day that an autopilot has from its satellites; one without a fix has none, whatever it says. */
export class VehicleTime {
  #fixMs = Number.NEGATIVE_INFINITY;

  hearGps(payload: DataView, monoMs: number): void {
    this.#fixMs = fixOf(payload) >= FIX_3D ? monoMs : Number.NEGATIVE_INFINITY;
  }

  /** @returns Unix milliseconds and by how much they may be late; undefined without a fix */
  read(payload: DataView, monoMs: number): { readonly wallMs: number; readonly errorMs: number } | undefined {
    const wallMs = timeOf(payload) / 1000;
    if (wallMs === 0 || monoMs - this.#fixMs > FIX_VALID_MS) return undefined;
    return { wallMs, errorMs: ERROR_MS };
  }
}
