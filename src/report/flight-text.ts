import type { FlightFact } from '../values/report.ts';
import { formatName, formatNumber, formatQuantity } from './format.ts';
import { message } from './languages.ts';
import { headline, type ReportFacts, sentencesOf, since } from './template.ts';

/** The text about what a rule found in a flight: the value, the limit, who has published it, and the phase. */
export function flightText(report: ReportFacts, fact: FlightFact): string {
  return sentencesOf([
    headline(report),
    fact.finding === 'motor-failure' ? motorSentence(report, fact) : limitSentence(report, fact),
    limitSource(report, fact),
  ]);
}

function motorSentence(report: ReportFacts, { motor, excessDeg, phase, since: began }: FlightFact): string {
  const { language } = report;
  return message(language, motor === undefined ? 'motorUnknown' : 'motorFailed', {
    motor: `${motor}`,
    excess: `${formatNumber(excessDeg ?? 0, 0, language)}°`,
    phase: message(language, `phase ${phase}`),
    since: since(began, report),
  });
}

function limitSentence(report: ReportFacts, fact: FlightFact): string {
  const { language, event } = report;
  const { channel = '', unit = '', value = 0, worst = value, limit = 0, phase, direction } = fact;
  const decimals = Math.abs(limit) >= 10 ? 0 : 2;
  const write = (quantity: number) =>
    unit === '1'
      ? formatNumber(quantity, decimals, language)
      : formatQuantity(quantity, unit, decimals, language);
  return message(language, event === 'closed' ? 'limitPassed' : `limit ${direction ?? 'above'}`, {
    name: formatName(channel.replaceAll('.', ' '), language),
    value: write(value),
    worst: write(worst),
    limit: write(limit),
    phase: message(language, `phase ${phase}`),
    since: since(fact.since, report),
  });
}

function limitSource({ language }: ReportFacts, { limitBy }: FlightFact): string | undefined {
  return limitBy && message(language, 'limitBy', { title: formatName(limitBy.title, language) });
}
