import { textOf } from '../report/facts.ts';
import { type Tried, type WriterFigures, writerTable } from './writer.ts';

const SAMPLES = 30;

/** What somebody found who read a text beside its facts: "good", or "wooden" or "wrong" with the reason, by the text. */
export type Remarks = Readonly<Record<string, string>>;

/** A page for people: figures, and texts beside their facts, taken as they come and not chosen. */
export function samplesPage(figures: WriterFigures, remarks: Remarks): string {
  const { tried } = figures;
  const step = Math.max(1, Math.floor(tried.length / SAMPLES));
  const samples = tried.filter((_, at) => at % step === 0).slice(0, SAMPLES);
  return [
    '# What the writer writes',
    '',
    'Made by `fieldnote eval writer`; do not edit. The facts are made up, the same in each language: assets, channels and labels',
    'that no training has seen, with plans of which half were held out from it. *1st try* is the share that the verifier accepts',
    'at once, *slot err.* the share of slots that were missing, added or repeated at the first try, *wrong* the number of accepted',
    'texts in which a second reading, which shares no code with the verifier, finds a fault. *Read* is what somebody found who',
    'read the text beside its facts, as a maintenance engineer would; it is kept in `writer-samples-read.json`.',
    '',
    '```',
    writerTable(figures).trimEnd(),
    '```',
    '',
    `Every ${step}th text of that run, none left out. ${readingOf(samples, remarks)}`,
    ...samples.flatMap((tried, at) => section(tried, at, remarks)),
    '',
  ].join('\n');
}

function remarkOn({ text = '' }: Tried, remarks: Remarks): string | undefined {
  return Object.hasOwn(remarks, text) ? remarks[text] : undefined;
}

function readingOf(samples: readonly Tried[], remarks: Remarks): string {
  const found = samples.flatMap((sample) => remarkOn(sample, remarks) ?? []);
  const countOf = (kind: string) => found.filter((remark) => remark.startsWith(kind)).length;
  return (
    `Read one by one beside their facts: ${found.length} of ${samples.length}; ` +
    `wrong ${countOf('wrong')}, wooden ${countOf('wooden')}.`
  );
}

function section(tried: Tried, at: number, remarks: Remarks): string[] {
  const { facts, text, firstFault, isUnseen } = tried;
  const plan = isUnseen ? 'plan held out' : 'plan seen';
  const tries = firstFault === undefined ? '' : `, first try refused (${firstFault.trim()})`;
  return [
    '',
    `## ${at + 1} · ${facts.language ?? 'en'} · ${facts.kind}, ${facts.event}, ${facts.severity} · ${plan}${tries}`,
    '',
    `> ${text ?? '*No try was accepted, the template stays.*'}`,
    '',
    `Template: ${textOf(facts)}`,
    '',
    `Read: ${remarkOn(tried, remarks) ?? 'not yet'}`,
  ];
}
