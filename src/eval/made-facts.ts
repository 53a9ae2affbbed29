import type { ReportFacts } from '../report/template.ts';
import type { ChannelFact, ReportStamp } from '../values/report.ts';

/**
 * Facts of incidents that never were, to measure a writer with: pumps, fans, drones and what else people watch, with
 * clocks that are wrong, restarts in between, names in several scripts, and values that rounding makes equal.
 */

const ASSETS = [
  ...[
    'Feed pump 1',
    'Circulation pump north',
    'Exhaust fan 3',
    'Compressor K-201',
    'Gearbox line 2',
    'Chiller',
  ],
  ...[
    'Hexacopter 7',
    'Spindle A',
    'Conveyor drive',
    'Wind turbine 12',
    'Boiler no. 2',
    'ÖL-Pumpe',
    'CNC mill. Hall 4',
  ],
  ...[
    'Cooling tower fan',
    'Elevator 5',
    'Milk separator',
    'Bilge pump',
    'Genset 400 kVA',
    '水ポンプ',
    'pump1',
  ],
];
/** Name, unit, and what is common. */
export const CHANNELS = [
  ['Drive-end vibration', 'mm/s', 2.3],
  ['Motor current', 'A', 11.8],
  ['Bearing temperature', '°C', 48],
  ['flow', 'L/min', 240],
  ['Discharge pressure', 'bar', 4.2],
  ['pH of the inlet', 'pH', 7.1],
  ['Oil level', 'mm', 132],
  ['Mains voltage', 'V', 398],
  ['Battery voltage', 'V', 22.4],
  ['Rotor 3 speed', 'rpm', 5400],
  ['Humidity', '%', 41],
  ['Noise', 'dB', 71],
  ['Torque', 'N·m', 310],
  ['CO2', 'ppm', 620],
  ['Power factor', '', 0.92],
  ['Signal strength', 'dBm', -67],
  ['Druck nach Filter 2', 'bar', 0.8],
  ['Strain rear', 'µm/m', -120],
  ['Leak rate', 'kg/h', 0.004],
  ['Phase L1 current', 'A', 31],
  ['Head', 'm', 24],
  ['vib_x', 'g', 0.12],
  ['Turbidity', 'NTU', 1.4],
  ['Speed over ground', 'm/s', 12],
] as const;
const LABELS = [
  'cavitation',
  'bearing fault',
  'imbalance',
  'Blocked filter',
  'motor 3 loss',
  'dry run',
  'belt slip',
];
const MINUTE_MS = 60_000;

/** mulberry32 by Tommy Ettinger (public domain). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Random = () => number;

export function pick<T>(options: readonly [T, ...T[]] | readonly T[], random: Random): T {
  return options[Math.floor(random() * options.length)] as T;
}

/** The same seed gives the same facts. */
export function madeFacts(seed: number): ReportFacts {
  const random = seeded(seed);
  const event = pick(['opened', 'updated', 'updated', 'closed'] as const, random);
  const stamps = madeStamps(random);
  const score = event === 'closed' ? 0.2 + random() / 2 : random() < 0.85 ? 1 + random() * 8 : random();
  const count = pick([0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6], random);
  const name = pick(ASSETS, random);
  return {
    id: `00000000-0000-4000-8000-${seed.toString(16).padStart(12, '0')}`,
    revision: event === 'opened' ? 1 : 2 + Math.floor(random() * 9),
    event,
    site: 'made',
    node: 'up',
    asset: { key: 'made', name },
    severity: pick(['notice', 'warning', 'critical'] as const, random),
    kind: 'machine',
    opened: stamps.opened,
    updated: stamps.updated,
    closed: event === 'closed' ? stamps.closed : null,
    score,
    peakScore: score + random() * 9,
    episodes: random() < 0.7 ? 1 : 2 + Math.floor(random() * 22),
    channels: drawn(CHANNELS, count, random).map((channel, at) =>
      madeChannel(channel, at, { event, stamps, random }),
    ),
    labels: random() < 0.6 ? [{ name: pick(LABELS, random), probability: 0.3 + random() * 0.7 }] : [],
    provenance: { textBy: 'template', model: 'made', config: 'made', agent: 'made' },
  };
}

interface Stamps {
  readonly opened: ReportStamp;
  readonly updated: ReportStamp;
  readonly closed: ReportStamp;
}

function madeStamps(random: Random): Stamps {
  const clock = pick(
    ['synced', 'synced', 'synced', 'gnss', 'manual', 'synced', 'floor', 'unknown'] as const,
    random,
  );
  const lastedMs = 4000 * 10 ** (random() * 5);
  const updatedMs =
    Date.UTC(2026, 2 + Math.floor(random() * 9), 1 + Math.floor(random() * 27)) + random() * 86_400_000;
  const isRestarted = random() < 0.08;
  const stamp = (agoMs: number, boot: number): ReportStamp => ({
    boot,
    monoMs: boot === 9 ? 1e9 - agoMs : 1e6,
    time: new Date(updatedMs - agoMs).toISOString(),
    clock: boot === 9 || random() < 0.5 ? clock : 'unknown',
    errorMs: null,
  });
  return {
    opened: stamp(lastedMs, isRestarted ? 8 : 9),
    updated: stamp(0, 9),
    closed: stamp(Math.min(lastedMs / 2, MINUTE_MS), 9),
  };
}

/** So many different ones. */
function drawn<T>(options: readonly T[], count: number, random: Random): T[] {
  const left = [...options];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat();
}

interface Circumstances {
  readonly event: ReportFacts['event'];
  readonly stamps: Stamps;
  readonly random: Random;
}

function madeChannel(
  channel: (typeof CHANNELS)[number],
  at: number,
  { event, stamps, random }: Circumstances,
): ChannelFact {
  const [name, unit, common] = channel;
  const baseline = common * (0.7 + random() * 0.6);
  const spread = Math.abs(baseline) * 10 ** (-0.7 - random() * 1.8);
  const direction = random() < 0.6 ? 'above' : 'below';
  const sign = direction === 'above' ? 1 : -1;
  const far = random() < 0.06 ? 0.01 : 3 + random() * 20;
  const isCalm = event === 'closed' || random() < 0.2;
  const value = baseline + sign * spread * (isCalm ? random() : far);
  const isWorst = random() < 0.4;
  const worst = baseline + (random() < 0.05 ? -sign : sign) * spread * (far + 1 + random() * 9);
  return {
    ...{ channel: `channel${at}`, name, unit, direction, value, baseline, spread },
    extreme: event === 'opened' || (event === 'updated' && isWorst) ? value : worst,
    share: random(),
    since:
      random() < 0.6
        ? stamps.opened
        : { ...stamps.opened, monoMs: stamps.opened.monoMs + MINUTE_MS * random() },
  };
}
