import {
  elapsedMs,
  formatDuration,
  formatName,
  formatNumber,
  formatProbability,
  formatReading,
  formatTime,
} from '../report/format.ts';
import type { ReportFacts } from '../report/template.ts';
import { DEFAULT_LANGUAGE } from '../values/language.ts';
import { WRITTEN_WORDS } from './written-words.ts';

/** What is wrong in a finished text about a sensor or a bearing: its fault, its numbers, what to do, and what is too much. */

export function faultsOfSensor(text: string, facts: ReportFacts): string[] {
  const { sensor, event, language = DEFAULT_LANGUAGE } = facts;
  if (sensor === undefined) return [];
  const words = WRITTEN_WORDS[language];
  const isOver = event === 'closed';
  const { channels, fault, value, jumpMs } = sensor;
  const name = channels.length === 1 && fault !== 'clock-jump' ? (channels[0]?.name ?? '') : sensor.source;
  const plain = text.split(formatName(name, language)).join('⟦A⟧');
  const said = Object.entries(words.faults).filter(([, pattern]) => pattern.test(plain));
  const faults = said.map(([kind]) => kind).filter((kind) => kind !== fault);
  // Of a range it may be said that it is left, which is no other fault.
  const others = faults.filter((kind) => !(fault === 'saturated' && kind === 'out-of-range'));
  const unit = channels[0]?.unit ?? '';
  const isTold = value !== undefined && !(isOver && (fault === 'spiking' || fault === 'dropped-out'));
  const forward = jumpMs !== undefined && jumpMs >= 0;
  return [
    ...others.map((kind) => `said to be ${kind}`),
    ...(said.some(([kind]) => kind === fault) ? [] : [`not said to be ${fault}`]),
    ...(nameCount(text, name) === 1 ? [] : ['name']),
    ...(isTold && !text.includes(formatReading(value, unit, language)) ? ['no value'] : []),
    ...(words.check.test(plain) === !isOver ? [] : ['what to check']),
    ...(words.leftOut.test(plain) === !isOver ? [] : ['left out']),
    ...(words.countedAgain.test(plain) === isOver ? [] : ['counted again']),
    ...(fault === 'clock-jump' && words.forward.test(plain) !== forward ? ['way of the clock'] : []),
    ...(fault === 'clock-jump' && !text.includes(formatDuration(Math.abs(jumpMs ?? 0), language))
      ? ['jump']
      : []),
    ...strangeNumbers(text, numbersOfSensor(facts)),
  ];
}

export function faultsOfBearing(text: string, facts: ReportFacts): string[] {
  const { bearing, labels, language = DEFAULT_LANGUAGE, event, score, peakScore } = facts;
  if (bearing === undefined) return [];
  const likely = labels.find(({ probability }) => probability >= 0.5);
  const chance = likely === undefined ? '' : formatProbability(likely.probability, language);
  const number = formatNumber(event === 'closed' ? peakScore : score, 1, language);
  return [
    ...(nameCount(text, bearing.name) === 1 ? [] : ['name']),
    ...(WRITTEN_WORDS[language].damaged.test(text) ? [] : ['not said to be damaged']),
    ...(text.includes(chance) ? [] : ['chance']),
    ...(text.includes(number) ? [] : ['score']),
    ...strangeNumbers(text, [...common(facts), chance, number, '1', bearing.name]),
  ];
}

function nameCount(text: string, name: string): number {
  return text.toLowerCase().split(formatName(name).toLowerCase()).length - 1;
}

function numbersOfSensor(facts: ReportFacts): string[] {
  const { sensor, language, updated } = facts;
  if (sensor === undefined) return [];
  const { channels, value, min, max, count, withinMs, normalMs, jumpMs, since } = sensor;
  const unit = channels[0]?.unit ?? '';
  const spans = [
    withinMs,
    normalMs,
    jumpMs === undefined ? undefined : Math.abs(jumpMs),
    elapsedMs(since, updated),
  ];
  return [
    ...common(facts),
    ...[value, min, max].flatMap((one) => (one === undefined ? [] : formatReading(one, unit, language))),
    ...spans.flatMap((span) => (span === undefined ? [] : formatDuration(span, language))),
    formatTime(since, updated, language) ?? '',
    ...[`${count}`, `${channels.length}`, channels[0]?.name ?? '', sensor.source],
  ];
}

/** Numbers of the incident itself. */
function common({ asset, opened, updated, closed, episodes, language }: ReportFacts): string[] {
  const span = elapsedMs(opened, closed ?? updated);
  const open = elapsedMs(opened, updated);
  return [
    asset.name,
    ...[opened, closed ?? updated].map((stamp) => formatTime(stamp, updated, language) ?? ''),
    ...[span, open].flatMap((one) => (one === undefined ? [] : formatDuration(one, language))),
    `${episodes}`,
  ];
}

function strangeNumbers(text: string, known: readonly string[]): string[] {
  const allowed = new Set(known.flatMap(numbersIn));
  return numbersIn(text)
    .filter((number) => !allowed.has(number))
    .map((number) => `number ${number}`);
}

function numbersIn(text: string): string[] {
  return text.match(/-?\d[\d,.:]*(?:e-?\d+)?/g)?.map((number) => number.replace(/[.,:]+$/, '')) ?? [];
}
