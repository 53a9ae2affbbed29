import type { Language } from '../values/language.ts';
import type { SensorFact } from '../values/report.ts';
import { formatDuration, formatName, formatNumber, formatReading, formatTime } from './format.ts';
import { type Message, message } from './languages.ts';
import { headline, type ReportFacts, sentencesOf, since } from './template.ts';

/**
 * The text about a sensor: what it does, since when, by which measure that is a fault, and what a person can check.
 * It advises, other than the texts about the machine, because the cause lies within reach: the sensor, its cable, its supply.
 */

const CHECKS = {
  stuck: 'check_sensor',
  'dropped-out': 'check_sensor',
  spiking: 'check_cable',
  saturated: 'check_range',
  'out-of-range': 'check_break',
  'clock-jump': 'check_clock',
} as const;

/** The text of a report about a sensor; never longer than the report allows, since names and units are limited. */
export function sensorText(report: ReportFacts, sensor: SensorFact): string {
  const { language } = report;
  const isOver = report.event === 'closed';
  const isOne = sensor.channels.length === 1;
  const judged: Message = isOver ? (isOne ? 'inAgain' : 'inAgainAll') : isOne ? 'leftOut' : 'leftOutAll';
  return sentencesOf([
    headline(report),
    isOver ? pastSentence(language, sensor) : presentSentence(report, sensor),
    message(language, judged),
    isOver ? undefined : message(language, checkOf(sensor)),
  ]);
}

/** What a person can check. */
export function checkOf({ fault, channels }: SensorFact) {
  return fault === 'stuck' && channels.length > 1 ? 'check_device' : CHECKS[fault];
}

function presentSentence(report: ReportFacts, sensor: SensorFact): string {
  const { language, updated } = report;
  const say = (name: Message) =>
    message(language, name, {
      who: subjectOf(language, sensor),
      since: since(sensor.since, report),
      value: readingOf(language, sensor),
      times: timesOf(language, sensor),
      limit: limit(language, sensor),
      normal: normal(language, sensor),
      last:
        sensor.value === undefined ? '' : message(language, 'last', { value: readingOf(language, sensor) }),
      clipped: clipped(language, sensor),
    });
  switch (sensor.fault) {
    case 'stuck':
      return say(sensor.channels.length > 1 ? 'stuckAll' : 'stuck');
    case 'dropped-out':
      return say('silent');
    case 'spiking':
    case 'saturated':
      return say(sensor.fault);
    case 'out-of-range':
      return say('range');
    case 'clock-jump':
      return jumpSentence(language, sensor, formatTime(sensor.since, updated, language));
  }
}

function pastSentence(language: Language | undefined, sensor: SensorFact): string {
  const say = (name: Message) =>
    message(language, name, {
      who: subjectOf(language, sensor),
      value: readingOf(language, sensor),
      times: timesOf(language, sensor),
      limit: limit(language, sensor),
    });
  switch (sensor.fault) {
    case 'stuck':
      return say(sensor.channels.length > 1 ? 'wasStuckAll' : 'wasStuck');
    case 'dropped-out':
      return say('wasSilent');
    case 'spiking':
      return say('wasSpiking');
    case 'saturated':
      return say('wasSaturated');
    case 'out-of-range':
      return say('wasRange');
    case 'clock-jump':
      return jumpSentence(language, sensor, undefined);
  }
}

/** The channel, or the source where it concerns several. */
export function subjectOf(language: Language | undefined, { channels, source }: SensorFact): string {
  const [first] = channels;
  if (channels.length === 1 && first !== undefined) return formatName(first.name, language);
  return message(language, 'sourceWith', { source, count: formatNumber(channels.length, 0, language) });
}

/** "2.13 mm/s" */
export function readingOf(
  language: Language | undefined,
  { channels: [channel], value }: SensorFact,
): string {
  if (value === undefined) return message(language, 'unknownValue');
  return formatReading(value, channel?.unit ?? '', language);
}

/** "5 times within 60 s" */
export function timesOf(language: Language | undefined, { count = 1, withinMs }: SensorFact): string {
  const number = { count: formatNumber(count, 0, language) };
  const times = count === 1 ? message(language, 'once') : message(language, 'times', number);
  if (withinMs === undefined) return times;
  return message(language, 'within', { times, duration: formatDuration(withinMs, language) });
}

function normal(language: Language | undefined, { normalMs }: SensorFact): string {
  if (normalMs === undefined) return '';
  return message(language, 'neverLonger', { duration: formatDuration(normalMs, language) });
}

function clipped(language: Language | undefined, { count }: SensorFact): string {
  return count === undefined ? '' : message(language, 'clipped', { values: valuesText(language, count) });
}

/** "12 values" */
export function valuesText(language: Language | undefined, count: number): string {
  return message(language, 'values', { count: formatNumber(count, 0, language) });
}

/** The limit that a value is beyond, and on which side; undefined when there is none. */
export function boundOf(sensor: SensorFact): { direction: 'above' | 'below'; limit: number } | undefined {
  const { value = 0, min, max } = sensor;
  if (min !== undefined && value < min) return { direction: 'below', limit: min };
  return max === undefined ? undefined : { direction: 'above', limit: max };
}

function limit(language: Language | undefined, sensor: SensorFact): string {
  const bound = boundOf(sensor);
  if (bound === undefined) return message(language, 'impossible');
  const possible = bound.direction === 'below' ? 'belowPossible' : 'abovePossible';
  return message(language, possible, {
    limit: formatReading(bound.limit, sensor.channels[0]?.unit ?? '', language),
  });
}

/** "source mcu", whose clock jumped. */
export function clockOf(language: Language | undefined, { source }: SensorFact): string {
  return message(language, 'source', { source });
}

function jumpSentence(language: Language | undefined, sensor: SensorFact, time: string | undefined): string {
  const { jumpMs = 0 } = sensor;
  return message(language, jumpMs < 0 ? 'jumpedBack' : 'jumpedForward', {
    who: clockOf(language, sensor),
    jump: formatDuration(Math.abs(jumpMs), language),
    when: time === undefined ? '' : message(language, 'atTime', { time }),
  });
}
