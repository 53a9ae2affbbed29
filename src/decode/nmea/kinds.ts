import type { Fields } from './fields.ts';

/**
 * What sentences say, by the three letters of their kind, whoever talks. Sources: the public descriptions of NMEA 0183 in
 * the documentation of gpsd ("NMEA Revealed") and in the interface manuals of makers of receivers. Units are those of the
 * rest of the agent: degrees, metres, metres per second, °C, hPa.
 */

export interface Kind {
  readonly names: readonly string[];
  /** One number per name; NaN where the sentence has none, or says that it is not valid. */
  read(fields: Fields): readonly number[];
}

const KNOT_MPS = 1852 / 3600;
const KMH_MPS = 1 / 3.6;
const MPH_MPS = 1609.344 / 3600;
const FOOT_M = 0.3048;
const FATHOM_M = 1.8288;

/** Fields of units of speed. */
const SPEEDS: Readonly<Record<string, number>> = { K: KMH_MPS, M: 1, N: KNOT_MPS, S: MPH_MPS };

/**
 * What GGA calls the quality of a fix (none, plain, differential, PPS, RTK fixed, RTK float; then estimated, manual,
 * simulated) as MAVLink's GPS_FIX_TYPE numbers it: 1 none, 3 fix, 4 with corrections, 5 RTK float, 6 RTK fixed.
 */
const FIXES = [1, 3, 4, 3, 6, 5, 1, 1, 1];

/** Modes of RMC and VTG that are no measurement: not valid, estimated, manual, simulated. Older devices tell none. */
export function isMeasured(mode: string): boolean {
  return !/^[NEMS]$/.test(mode);
}

/** Whether RMC says that it has a fix. */
export function hasFix(rmc: Fields): boolean {
  return rmc.text(2) === 'A' && isMeasured(rmc.text(12));
}

const GGA: Kind = {
  names: ['gnss.latitude', 'gnss.longitude', 'gnss.altitude', 'gnss.fix', 'gnss.satellites', 'gnss.hdop'],
  read(fields) {
    const quality = fields.number(6);
    const fix = FIXES[quality] ?? Number.NaN;
    const place =
      fix > 1
        ? [fields.angle(2, 90), fields.angle(4, 180), fields.number(9)]
        : [Number.NaN, Number.NaN, Number.NaN];
    return [...place, fix, fields.number(7), fix > 1 ? fields.number(8) : Number.NaN];
  },
};

const RMC: Kind = {
  names: ['gnss.latitude', 'gnss.longitude', 'gnss.speed', 'gnss.course'],
  read(fields) {
    if (!hasFix(fields)) return [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
    return [fields.angle(3, 90), fields.angle(5, 180), fields.number(7) * KNOT_MPS, fields.number(8)];
  },
};

const VTG: Kind = {
  names: ['gnss.course', 'gnss.speed'],
  read(fields) {
    if (!isMeasured(fields.text(9))) return [Number.NaN, Number.NaN];
    const kmh = fields.number(7);
    const speed = Number.isNaN(kmh) ? fields.number(5) * KNOT_MPS : kmh * KMH_MPS;
    return [fields.number(1), speed];
  },
};

const GSA: Kind = {
  names: ['gnss.mode', 'gnss.pdop', 'gnss.hdop', 'gnss.vdop'],
  read(fields) {
    const mode = fields.number(2);
    return [mode, ...[15, 16, 17].map((at) => fields.numberIf(mode > 1, at))];
  },
};

const HDT: Kind = { names: ['heading.true'], read: (fields) => [fields.number(1)] };

/** Relative to the bow (R) or over the ground (T): two quantities, so the other one has no value in this sentence. */
const MWV: Kind = {
  names: ['wind.apparentAngle', 'wind.apparentSpeed', 'wind.trueAngle', 'wind.trueSpeed'],
  read(fields) {
    const factor = SPEEDS[fields.text(4)] ?? Number.NaN;
    const isValid = fields.text(5) === 'A';
    const wind = [fields.numberIf(isValid, 1), fields.numberIf(isValid, 3) * factor];
    const none = [Number.NaN, Number.NaN];
    return fields.text(2) === 'T' ? [...none, ...wind] : [...wind, ...none];
  },
};

const MDA: Kind = {
  names: [
    'weather.pressure',
    'weather.temperature',
    'water.temperature',
    'weather.humidity',
    'weather.dewPoint',
  ],
  read: (fields) => [
    fields.number(3) * 1000,
    fields.number(5),
    fields.number(7),
    fields.number(9),
    fields.number(11),
  ],
};

const MTW: Kind = { names: ['water.temperature'], read: (fields) => [fields.number(1)] };

/** Below the transducer, in feet, metres and fathoms; a device may fill in one of them. */
const DBT: Kind = {
  names: ['water.depth'],
  read(fields) {
    const depths = [fields.number(3), fields.number(1) * FOOT_M, fields.number(5) * FATHOM_M];
    return [depths.find((depth) => !Number.isNaN(depth)) ?? Number.NaN];
  },
};

/** Below the transducer; how far that is from surface or keel is told apart, and is for a person to add. */
const DPT: Kind = {
  names: ['water.depth', 'water.transducerOffset'],
  read: (fields) => [fields.number(1), fields.number(2)],
};

/** ZDA is time alone. */
const ZDA: Kind = { names: [], read: () => [] };

export const KINDS: Readonly<Record<string, Kind>> = {
  GGA,
  RMC,
  VTG,
  GSA,
  HDT,
  MWV,
  MDA,
  MTW,
  DBT,
  DPT,
  ZDA,
};
