import type { ReportStamp } from '../values/report.ts';
import { elapsedMs, formatDuration, formatTime } from './format.ts';
import type { ReportFacts } from './template.ts';

/** Name of each slot → what code writes there. */
export type Slots = Map<string, string>;

/** @returns whether anything is known about when it began */
export function addBegin(
  slots: Slots,
  suffix: string,
  begin: ReportStamp,
  { language, updated }: Pick<ReportFacts, 'language' | 'updated'>,
): boolean {
  const time = formatTime(begin, updated, language);
  const lastedMs = elapsedMs(begin, updated);
  if (time !== undefined) slots.set(`SINCE${suffix}`, time);
  if (lastedMs !== undefined) slots.set(`LASTED${suffix}`, formatDuration(lastedMs, language));
  return time !== undefined || lastedMs !== undefined;
}
