import type { Judged, Label } from '../values/verdict.ts';

/** What several verdicts about the same thing say together. */
export type Together = Judged | 'unsure' | 'too-few';

/**
 * Verdicts → one, for whatever is judged by single bursts, of which one is weak evidence: the mean probability of each
 * label, and the mean score. So a fault is only said when most of the bursts say it, and say the same one.
 * @param verdicts oldest first; the result has the time and the model of the newest
 * @param count how many there must be
 * @param unsureBelow least probability of the best label
 */
export function together(
  verdicts: readonly Judged[],
  { count, unsureBelow }: { readonly count: number; readonly unsureBelow: number },
): Together {
  const newest = verdicts.at(-1);
  if (newest === undefined || verdicts.length < count) return 'too-few';
  const labels = meanLabels(verdicts);
  const [best] = labels;
  if (best !== undefined && best.probability < unsureBelow) return 'unsure';
  return { ...newest, score: mean(verdicts.map(({ score }) => score)), labels };
}

/** Best first. */
function meanLabels(verdicts: readonly Judged[]): Label[] {
  const names = verdicts.at(-1)?.labels.map(({ name }) => name) ?? [];
  const probabilityOf = ({ labels }: Judged, name: string) =>
    labels.find((label) => label.name === name)?.probability ?? 0;
  return names
    .map((name) => ({ name, probability: mean(verdicts.map((verdict) => probabilityOf(verdict, name))) }))
    .sort((a, b) => b.probability - a.probability);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
