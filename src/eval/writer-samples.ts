import { templateText } from '../report/template.ts';
import { type Tried, type WriterFigures, writerTable } from './writer.ts';

const SAMPLES = 30;

/** A page for people: figures, and texts beside their facts, taken as they come and not chosen. */
export function samplesPage(figures: WriterFigures): string {
  const { tried } = figures;
  const step = Math.max(1, Math.floor(tried.length / SAMPLES));
  const samples = tried.filter((_, at) => at % step === 0).slice(0, SAMPLES);
  return [
    '# What the writer writes',
    '',
    'Made by `fieldnote eval writer`; do not edit. The facts are made up: assets, channels and labels that no training has',
    'seen, with plans of which half were held out from it. *1st try* is the share that the verifier accepts at once, *slot err.*',
    'the share of slots that were missing, added or repeated at the first try, *wrong* the number of accepted texts in which a',
    'second reading, which shares no code with the verifier, finds a fault.',
    '',
    '```',
    writerTable(figures).trimEnd(),
    '```',
    '',
    `Every ${step}th text of that run, none left out:`,
    ...samples.flatMap(section),
    '',
  ].join('\n');
}

function section(tried: Tried, at: number): string[] {
  const { facts, text, firstFault, isUnseen } = tried;
  const plan = isUnseen ? 'plan held out' : 'plan seen';
  const tries = firstFault === undefined ? '' : `, first try refused (${firstFault.trim()})`;
  return [
    '',
    `## ${at + 1} · ${facts.event}, ${facts.severity} · ${plan}${tries}`,
    '',
    `> ${text ?? '*No try was accepted, the template stays.*'}`,
    '',
    `Template: ${templateText(facts)}`,
  ];
}
