import type { ChannelPause } from './channel-pause.ts';
import type { LlmConfig } from './config/schema.ts';
import { Writer } from './report/writer.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import type { Logger } from './system/log.ts';
import type { StrainLimits } from './system/strain.ts';
import { type Report, reportSchema } from './values/report.ts';

export interface WritingParts {
  readonly config: LlmConfig;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  /** Why work that can wait should wait now. */
  readonly strain: (limits: StrainLimits) => string | undefined;
  /** The channel that holds it back, such as whether a drone is armed. */
  readonly hold: ChannelPause | undefined;
  /** Stores a report that has its new text. */
  readonly accept: (report: Report) => void;
  /** A report keeps its template for good. */
  readonly keepTemplate: (report: Report) => void;
}

/** The writer, with what happens to it counted and logged. */
export function createWriter(parts: WritingParts): Writer {
  const { config, clock, counters, log, strain, hold, accept, keepTemplate } = parts;
  return new Writer({
    modelPath: config.model,
    deadlineMs: config.deadline,
    idleMs: config.idleAfter,
    clock,
    random: Math.random,
    pausedBy: () => hold?.reason ?? strain(config.pause),
    on: {
      written(report) {
        const { asset, id, revision, text } = report;
        counters.add('texts_written', asset.key);
        log.info({ asset: asset.key, id, revision, ms: report.provenance.writer?.ms }, text);
        accept(report);
      },
      kept(report) {
        counters.add('texts_kept', report.asset.key);
        keepTemplate(report);
      },
      shed(report) {
        counters.add('texts_shed', report.asset.key);
        keepTemplate(report);
      },
      restarted(reason) {
        counters.add('child_restarts', 'writer');
        log.warn({ code: reason.code }, `${reason.message}; the template goes on`);
      },
      gaveUp: (reason) => log.error({ code: reason.code }, reason.message),
    },
  });
}

/** Reports of an earlier run that still wait for the words of the language model. */
export function readUnwritten(payloads: readonly string[]): Report[] {
  const read = payloads.map((payload) => reportSchema.safeParse(JSON.parse(payload)));
  return read.flatMap(({ data }) => data ?? []);
}
