import type { ReportFacts } from '../report/template.ts';
import type { Language } from '../values/language.ts';
import type { SensorFact } from '../values/report.ts';
import { CHANNELS, madeFacts, pick, type Random, seeded } from './made-facts.ts';

/** Facts about everything that a report can be about: machines, their sensors and their bearings. */

const KINDS = ['machine', 'machine', 'machine', 'machine', 'sensor', 'machine', 'bearing'] as const;
const WITHDRAWN_SHARE = 0.12;
const FAULTS = ['stuck', 'dropped-out', 'spiking', 'saturated', 'out-of-range', 'clock-jump'] as const;
const SOURCES = ['mcu', 'plc_2', 'rotor-board', 'modbus1'];
const BEARINGS = ['drive end', 'fan end 6205', 'Lager 2 (oben)', 'gearbox_in'];
const PARTS = ['inner race', 'outer race', 'ball'];
const MINUTE_MS = 60_000;

/** The same seed gives the same facts in every language. */
export function anyFacts({ seed, language }: { seed: number; language?: Language | undefined }): ReportFacts {
  const random = seeded(seed + 1e6);
  const facts = { ...madeFacts(seed), ...(language !== undefined && { language }) };
  const kind = pick(KINDS, random);
  if (kind === 'sensor') return sensorFacts(facts, random);
  if (kind === 'bearing') return bearingFacts(facts, random);
  const isWithdrawn = facts.event === 'closed' && random() < WITHDRAWN_SHARE;
  return isWithdrawn ? { ...facts, explainedBy: '00000000-0000-4000-8000-ffffffffffff' } : facts;
}

function bearingFacts(facts: ReportFacts, random: Random): ReportFacts {
  const name = pick(BEARINGS, random);
  const labels = [{ name: pick(PARTS, random), probability: 0.3 + random() * 0.7 }];
  return { ...facts, kind: 'bearing', subject: 'b', bearing: { key: 'b', name }, channels: [], labels };
}

function sensorFacts(facts: ReportFacts, random: Random): ReportFacts {
  const fault = pick(FAULTS, random);
  const ofSource = fault === 'stuck' || fault === 'dropped-out' || fault === 'clock-jump';
  const count = ofSource && random() < 0.5 ? 2 + Math.floor(random() * 7) : 1;
  const [name, unit, common] = pick(CHANNELS, random);
  const sensor: SensorFact = {
    ...{ fault, source: pick(SOURCES, random), since: facts.opened },
    channels: Array.from({ length: count }, (_, at) => ({ channel: `c${at}`, name, unit })),
    ...measuresOf(fault, count === 1, common, random),
  };
  return { ...facts, kind: 'sensor', subject: 'c0', channels: [], labels: [], sensor };
}

function measuresOf(fault: SensorFact['fault'], isOne: boolean, common: number, random: Random) {
  const value = Number((common * (0.5 + random())).toPrecision(4));
  const sometimes = <T>(given: T): T | undefined => (random() < 0.7 ? given : undefined);
  switch (fault) {
    case 'stuck':
      return isOne ? { value, normalMs: sometimes(random() * 10 * MINUTE_MS) } : {};
    case 'dropped-out':
      return { value: isOne ? sometimes(value) : undefined };
    case 'spiking':
      return { value, count: 1 + Math.floor(random() * 9), withinMs: sometimes(random() * 10 * MINUTE_MS) };
    case 'saturated':
      return { value, count: sometimes(2 + Math.floor(random() * 99)) };
    case 'out-of-range':
      return random() < 0.5
        ? { value, max: value - Math.abs(value) / 2 }
        : { value, min: value + Math.abs(value) };
    case 'clock-jump':
      return { jumpMs: (random() - 0.5) * 1e7 };
  }
}
