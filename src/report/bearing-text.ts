import type { Report } from '../values/report.ts';
import { formatName, formatNumber, formatProbability } from './format.ts';
import { capitalised, headline, LABEL_PROBABILITY_MIN, type ReportFacts } from './template.ts';

/** The text about a bearing: which one, and which of its parts sounds damaged. It advises nothing. */
export function bearingText(report: ReportFacts, { name }: NonNullable<Report['bearing']>): string {
  const { event, labels, score, peakScore } = report;
  const isOver = event === 'closed';
  const likely = labels.find(({ probability }) => probability >= LABEL_PROBABILITY_MIN);
  const bearing = `bearing ${formatName(name)}`;
  const fault =
    likely === undefined
      ? `${isOver ? 'had sounded' : 'sounds'} damaged, its part not known`
      : `${isOver ? 'had sounded' : 'sounds'} like ${formatName(likely.name)} damage (${formatProbability(likely.probability)})`;
  const height = isOver
    ? `Highest score ${formatNumber(peakScore, 1)}, alarm limit 1`
    : `Score ${formatNumber(score, 1)}, alarm limit 1`;
  return [headline(report), `${bearing} ${fault}`, height]
    .map((sentence) => `${capitalised(sentence)}.`)
    .join(' ');
}
