import type { IncidentConfig } from '../config/schema.ts';
import type { IncidentKind, Severity } from '../values/incident.ts';

/** Twice the alarm limit is no longer a matter for the next round. */
const WARNING_SCORE = 2;
/** A notice becomes a warning in this part of the time in which a warning becomes critical. */
const NOTICE_PATIENCE = 1 / 4;

/**
 * The ladder: notice; warning from score 2 or after a quarter of `criticalAfter`; critical from `criticalScore` or
 * after `criticalAfter` as a warning. It is only climbed within an incident, so `before` is the least it gives. The
 * machine is not in danger by a sensor that fails, so that never becomes critical.
 * @param before severity so far; undefined at opening
 * @param lastedMs how long the severity so far has lasted
 */
export function severityOf({
  kind,
  before,
  score,
  lastedMs,
  settings,
}: {
  kind: IncidentKind;
  before: Severity | undefined;
  score: number;
  lastedMs: number;
  settings: Pick<IncidentConfig, 'criticalScore' | 'criticalAfter'>;
}): Severity {
  const hasLasted = before === 'notice' && lastedMs >= settings.criticalAfter * NOTICE_PATIENCE;
  if (kind === 'sensor') return before === 'warning' || hasLasted ? 'warning' : 'notice';
  if (before === 'critical' || score >= settings.criticalScore) return 'critical';
  if (before === 'warning') return lastedMs >= settings.criticalAfter ? 'critical' : 'warning';
  return score >= WARNING_SCORE || hasLasted ? 'warning' : 'notice';
}
