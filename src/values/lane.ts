import type { Report } from './report.ts';

/**
 * The priority classes of the outbox, the most urgent first. Order is kept within a lane and not between lanes; when
 * room runs out the last one gives way first.
 */
export const LANES = [
  'critical', // somebody should look now
  'incident', // something began or ended
  'update', // more about what is known already
  'evidence', // what a person looks at afterwards
  'telemetry', // the rest
] as const;

export type Lane = (typeof LANES)[number];

/**
 * The lane of a report. The words of the language model repeat what their template has said, so they wait among the
 * updates, however urgent the incident is.
 */
export function laneOf({
  severity,
  event,
  provenance,
}: Pick<Report, 'severity' | 'event' | 'provenance'>): Lane {
  if (provenance.textBy === 'llm') return 'update';
  if (severity === 'critical') return 'critical';
  return event === 'updated' ? 'update' : 'incident';
}
