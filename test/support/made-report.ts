import { madeFacts } from '../../src/eval/made-facts.ts';
import { templateText } from '../../src/report/template.ts';
import type { Report } from '../../src/values/report.ts';

/** A report about made-up facts, with the text of its template. */
export function madeReport(seed: number): Report {
  const facts = madeFacts(seed);
  return { ...facts, text: templateText(facts) };
}
