import type { Health } from '../../src/health.ts';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import type { Broker } from './broker.ts';
import { eventually } from './daemon.ts';

/** What the broker has heard of one node so far: its reports, its health and its status. */

/** Reports in the order of their arrival, copies included. */
export function reportsAt(broker: Broker): ReportEvent[] {
  return broker.messages
    .filter(({ topic }) => topic.includes('/incident/'))
    .map(({ payload }) => JSON.parse(payload.toString()));
}

/** Waits for the first report that fits. */
export function reportAt(broker: Broker, fits: (event: ReportEvent) => boolean): Promise<ReportEvent> {
  return eventually(() => {
    const reports = reportsAt(broker);
    const report = reports.find(fits);
    if (report !== undefined) return report;
    throw new Error(`no such report among ${reports.map(({ id, type }) => `${id} ${type}`).join(', ')}`);
  });
}

/** Waits for a health document that fits and comes from now on. */
export function healthAt(broker: Broker, fits: (health: Health) => boolean): Promise<Health> {
  const first = broker.messages.length;
  return eventually(() => {
    const documents = broker.messages
      .slice(first)
      .filter(({ topic }) => topic.endsWith('/health'))
      .map(({ payload }): Health => JSON.parse(payload.toString()));
    const health = documents.find(fits);
    if (health !== undefined) return health;
    throw new Error(`no such health; the latest is ${JSON.stringify(documents.at(-1))}`);
  });
}

/** States that the node had, in order: `online`, `offline`. */
export function statesAt(broker: Broker): string[] {
  return broker.messages
    .filter(({ topic }) => topic.endsWith('/status'))
    .map(({ payload }) => JSON.parse(payload.toString()).state);
}

/** Sum of a counter over its labels. */
export function countOf({ counters }: Health, name: string): number {
  return Object.values(counters[name] ?? {}).reduce((sum, count) => sum + count, 0);
}
