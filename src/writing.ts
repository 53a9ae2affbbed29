import type { LlmConfig } from './config/schema.ts';
import { Writer } from './report/writer.ts';
import type { OutboxRow } from './store/outbox.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import type { Logger } from './system/log.ts';
import { strainOf } from './system/strain.ts';
import { type Report, reportSchema } from './values/report.ts';

/** Of one try, also of a large model on a slow board. */
const DEADLINE_MS = 60_000;

export interface WritingParts {
  readonly config: LlmConfig;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  /** Stores a report that has its new text. */
  readonly accept: (report: Report) => void;
}

/** The writer, with what happens to it counted and logged. */
export function createWriter({ config, clock, counters, log, accept }: WritingParts): Writer {
  return new Writer({
    modelPath: config.model,
    deadlineMs: DEADLINE_MS,
    idleMs: config.idleAfter,
    clock,
    random: Math.random,
    pausedBy: () => strainOf(config.pause),
    on: {
      written(report) {
        const { asset, id, revision, text } = report;
        counters.add('texts_written', asset.key);
        log.info({ asset: asset.key, id, revision, ms: report.provenance.writer?.ms }, text);
        accept(report);
      },
      kept: ({ asset }) => counters.add('texts_kept', asset.key),
      shed: ({ asset }) => counters.add('texts_shed', asset.key),
      restarted(reason) {
        counters.add('child_restarts', 'writer');
        log.warn({ code: reason.code }, `${reason.message}; the template goes on`);
      },
      gaveUp: (reason) => log.error({ code: reason.code }, reason.message),
    },
  });
}

/**
 * Reports of an earlier run that still wait in the outbox with the text of their template. Those that are delivered
 * need no better text.
 */
export function unwritten(rows: readonly OutboxRow[]): Report[] {
  const latest = new Map<string, Report>();
  for (const { payload } of rows) {
    const parsed = reportSchema.safeParse(JSON.parse(payload));
    if (parsed.success) latest.set(parsed.data.id, parsed.data);
  }
  return [...latest.values()].filter(({ provenance }) => provenance.textBy === 'template');
}
