import type { SensorFact } from '../values/report.ts';
import { formatDuration, formatName, formatNumber, formatReading, formatTime } from './format.ts';
import { capitalised, headline, type ReportFacts, since } from './template.ts';

/**
 * The text about a sensor: what it does, since when, by which measure that is a fault, and what a person can check.
 * It advises, other than the texts about the machine, because the cause lies within reach: the sensor, its cable, its supply.
 */

const CHECKS: Readonly<Record<SensorFact['fault'], string>> = {
  stuck: 'Check the sensor, its cable and its supply',
  'dropped-out': 'Check the sensor, its cable and its supply',
  spiking: 'Check its cable, its plugs and its shield',
  saturated: 'Check the sensor and its range; what it measures may be beyond it',
  'out-of-range': 'Check the sensor and its cable for a break or a short',
  'clock-jump': 'Check the clock of the device',
};

/** The text of a report about a sensor; never longer than the report allows, since names and units are limited. */
export function sensorText(report: ReportFacts, sensor: SensorFact): string {
  const isOver = report.event === 'closed';
  const it = sensor.channels.length === 1 ? 'It is' : 'They are';
  const sentences = [
    headline(report),
    isOver ? pastSentence(sensor) : presentSentence(report, sensor),
    `${it} ${isOver ? 'in the judgement again' : 'left out of the judgement'}`,
    isOver ? undefined : checkOf(sensor),
  ];
  const written = sentences.filter((sentence) => sentence !== undefined);
  return written.map((sentence) => `${capitalised(sentence)}.`).join(' ');
}

function checkOf({ fault, channels }: SensorFact): string {
  return fault === 'stuck' && channels.length > 1 ? 'Check whether the device still measures' : CHECKS[fault];
}

function presentSentence({ updated }: ReportFacts, sensor: SensorFact): string {
  const who = subjectOf(sensor);
  const begin = since(sensor.since, updated);
  switch (sensor.fault) {
    case 'stuck':
      return sensor.channels.length > 1
        ? `${who} repeats the same values ${begin}`
        : `${who} (sensor) reads exactly ${reading(sensor)} ${begin}${normal(sensor)}`;
    case 'dropped-out':
      return `${who} gave no value ${begin}${sensor.value === undefined ? '' : `, the last was ${reading(sensor)}`}`;
    case 'spiking':
      return `${who} (sensor) jumped off and back ${times(sensor)}, last to ${reading(sensor)}, ${begin}`;
    case 'saturated':
      return `${who} (sensor) is at the end of its range, ${reading(sensor)}, ${begin}${clipped(sensor)}`;
    case 'out-of-range':
      return `${who} (sensor) reads ${reading(sensor)} ${begin}, ${limit(sensor)}`;
    case 'clock-jump':
      return jumpSentence(sensor, formatTime(sensor.since, updated));
  }
}

function pastSentence(sensor: SensorFact): string {
  const who = subjectOf(sensor);
  switch (sensor.fault) {
    case 'stuck':
      return sensor.channels.length > 1
        ? `${who} had repeated the same values`
        : `${who} (sensor) had read exactly ${reading(sensor)}`;
    case 'dropped-out':
      return `${who} had given no value`;
    case 'spiking':
      return `${who} (sensor) had jumped off and back ${times(sensor)}`;
    case 'saturated':
      return `${who} (sensor) had been at the end of its range, ${reading(sensor)}`;
    case 'out-of-range':
      return `${who} (sensor) had read ${reading(sensor)}, ${limit(sensor)}`;
    case 'clock-jump':
      return jumpSentence(sensor, undefined);
  }
}

function subjectOf({ channels, source }: SensorFact): string {
  const [first] = channels;
  return channels.length === 1 && first !== undefined
    ? formatName(first.name)
    : `source ${source} with its ${formatNumber(channels.length, 0)} channels`;
}

function reading({ channels: [channel], value }: SensorFact): string {
  return value === undefined ? 'an unknown value' : formatReading(value, channel?.unit ?? '');
}

function normal({ normalMs }: SensorFact): string {
  if (normalMs === undefined) return '';
  return `; while it was learned it never repeated a value for more than ${formatDuration(normalMs)}`;
}

function times({ count = 1, withinMs }: SensorFact): string {
  const number = count === 1 ? 'once' : `${formatNumber(count, 0)} times`;
  return withinMs === undefined ? number : `${number} within ${formatDuration(withinMs)}`;
}

function clipped({ count }: SensorFact): string {
  return count === undefined ? '' : `; ${formatNumber(count, 0)} values were exactly that`;
}

function limit({ channels: [channel], value = 0, min, max }: SensorFact): string {
  const unit = channel?.unit ?? '';
  if (min !== undefined && value < min) return `below the ${formatReading(min, unit)} that are possible`;
  if (max !== undefined) return `above the ${formatReading(max, unit)} that are possible`;
  return 'which is not possible';
}

function jumpSentence({ source, jumpMs = 0 }: SensorFact, time: string | undefined): string {
  const way = jumpMs < 0 ? 'back' : 'forward';
  const when = time === undefined ? '' : ` at ${time}`;
  return `the clock of source ${source} went ${formatDuration(Math.abs(jumpMs))} ${way} at once${when}`;
}
