import type { IncidentConfig } from '../config/schema.ts';
import type { Severity } from '../values/incident.ts';

/** Twice the alarm limit is no longer a matter for the next round. */
const WARNING_SCORE = 2;
/** A notice becomes a warning in this part of the time in which a warning becomes critical. */
const NOTICE_PATIENCE = 1 / 4;

/**
 * The ladder: notice; warning from score 2 or after a quarter of `criticalAfter`; critical from `criticalScore` or
 * after `criticalAfter` as a warning. It is only climbed within an incident, so `before` is the least it gives.
 * @param before severity so far; undefined at opening
 * @param lastedMs how long the severity so far has lasted
 */
export function severityOf({
  before,
  score,
  lastedMs,
  settings,
}: {
  before: Severity | undefined;
  score: number;
  lastedMs: number;
  settings: Pick<IncidentConfig, 'criticalScore' | 'criticalAfter'>;
}): Severity {
  if (before === 'critical' || score >= settings.criticalScore) return 'critical';
  if (before === 'warning') return lastedMs >= settings.criticalAfter ? 'critical' : 'warning';
  const hasLasted = before === 'notice' && lastedMs >= settings.criticalAfter * NOTICE_PATIENCE;
  return score >= WARNING_SCORE || hasLasted ? 'warning' : 'notice';
}
