import type { Report } from '../values/report.ts';
import { formatName, formatProbability } from './format.ts';
import { message, translated } from './languages.ts';
import { headline, likelyLabel, type ReportFacts, scoreText, sentencesOf } from './template.ts';

/** The text about a bearing: which one, and which of its parts sounds damaged. It advises nothing. */
export function bearingText(report: ReportFacts, { name }: NonNullable<Report['bearing']>): string {
  return sentencesOf([
    headline(report),
    soundOf(report, formatName(name, report.language)),
    scoreText(report),
  ]);
}

function soundOf(report: ReportFacts, bearing: string): string {
  const { language, event } = report;
  const isOver = event === 'closed';
  const likely = likelyLabel(report);
  if (likely === undefined)
    return message(language, isOver ? 'soundedDamaged' : 'soundsDamaged', { bearing });
  return message(language, isOver ? 'sounded' : 'sounds', {
    bearing,
    label: formatName(translated(language, likely.name), language),
    chance: formatProbability(likely.probability, language),
  });
}
