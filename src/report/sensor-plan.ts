import type { SensorFact } from '../values/report.ts';
import { addBegin, type Slots } from './beginning.ts';
import { formatDuration, formatReading, formatTime } from './format.ts';
import { boundOf, checkOf, clockOf, readingOf, subjectOf, timesOf, valuesText } from './sensor-text.ts';
import type { ReportFacts } from './template.ts';

/** What must be said about a sensor, which is told as the first channel is: with slots that end in 1. */
export interface SensorPlan {
  readonly fault: 'stuck' | 'silent' | 'spiking' | 'saturated' | 'range' | 'jump';
  /** It concerns a whole source with its channels. */
  readonly isSource: boolean;
  /** Beyond which of its limits a value is; above says of a clock that it went forward. */
  readonly direction: 'above' | 'below' | undefined;
  /** It began before a restart, nobody knows when. */
  readonly isFromBefore: boolean;
  /** What a person can look at; nothing when it is over. */
  readonly check: ReturnType<typeof checkOf> | undefined;
}

const FAULTS = {
  stuck: 'stuck',
  'dropped-out': 'silent',
  spiking: 'spiking',
  saturated: 'saturated',
  'out-of-range': 'range',
  'clock-jump': 'jump',
} as const satisfies Record<SensorFact['fault'], SensorPlan['fault']>;

export function planSensor(slots: Slots, sensor: SensorFact, report: ReportFacts): SensorPlan {
  const fault = FAULTS[sensor.fault];
  const isOver = report.event === 'closed';
  const { language } = report;
  slots.set('NAME1', fault === 'jump' ? clockOf(language, sensor) : subjectOf(language, sensor));
  if (hasValue(fault, sensor, isOver)) slots.set('VALUE1', readingOf(language, sensor));
  if (fault === 'spiking') slots.set('TIMES', timesOf(language, sensor));
  if (fault === 'jump') slots.set('JUMP', formatDuration(Math.abs(sensor.jumpMs ?? 0), language));
  const bound = fault === 'range' ? boundOf(sensor) : undefined;
  if (bound) slots.set('BOUND', formatReading(bound.limit, sensor.channels[0]?.unit ?? '', language));
  const isFromBefore = !isOver && !addSince(slots, fault, sensor, report);
  if (!isOver) addMeasure(slots, fault, sensor, report);
  return {
    ...{ fault, isFromBefore, check: isOver ? undefined : checkOf(sensor) },
    isSource: fault === 'jump' || sensor.channels.length !== 1,
    direction: fault === 'jump' ? ((sensor.jumpMs ?? 0) < 0 ? 'below' : 'above') : bound?.direction,
  };
}

function hasValue(fault: SensorPlan['fault'], { channels, value }: SensorFact, isOver: boolean): boolean {
  if (fault === 'stuck') return channels.length <= 1;
  if (fault === 'silent') return !isOver && value !== undefined;
  if (fault === 'spiking') return !isOver;
  return fault !== 'jump';
}

/** @returns whether it is known; a clock jumps at one time, if its own is known */
function addSince(
  slots: Slots,
  fault: SensorPlan['fault'],
  { since }: SensorFact,
  report: ReportFacts,
): boolean {
  if (fault !== 'jump') return addBegin(slots, '1', since, report);
  const time = formatTime(since, report.updated, report.language);
  if (time !== undefined) slots.set('SINCE1', time);
  return true;
}

/** By what a fault was told from normal. */
function addMeasure(
  slots: Slots,
  fault: SensorPlan['fault'],
  { channels, normalMs, count }: SensorFact,
  { language }: ReportFacts,
): void {
  const isOne = channels.length <= 1;
  if (fault === 'stuck' && isOne && normalMs !== undefined)
    slots.set('REPEAT', formatDuration(normalMs, language));
  if (fault === 'saturated' && count !== undefined) slots.set('COUNT', valuesText(language, count));
}

/** As a writer gets it. */
export function sensorWords(
  { fault, isSource, direction, isFromBefore }: SensorPlan,
  has: (...names: string[]) => string[],
): string[] {
  const isImpossible = fault === 'range' && direction === undefined;
  return [
    ...[fault, ...(isSource ? ['all'] : []), ...has('NAME1', 'TIMES', 'JUMP', 'VALUE1')],
    ...(direction === undefined ? [] : [`${direction}1`]),
    ...(isImpossible ? ['impossible'] : []),
    ...has('BOUND', 'SINCE1', 'LASTED1'),
    ...(isFromBefore ? ['before1'] : []),
    ...has('COUNT', 'REPEAT'),
  ];
}
