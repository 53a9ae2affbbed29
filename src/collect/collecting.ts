import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitterMs } from '../system/back-off.ts';
import type { Clock } from '../system/clock.ts';
import { messageOf } from '../system/errors.ts';
import type { Logger } from '../system/log.ts';
import { Collector, type CollectorTotals } from './collector.ts';
import { Inbox, type InboxOptions, type InboxSecrets } from './inbox.ts';
import type { Batch, Sink } from './sink.ts';

export interface CollectingOptions extends Omit<InboxOptions, 'onMessage' | 'onSubscribed' | 'secrets'> {
  /** Asked at each attempt to connect, so that what was renewed is used without a restart. */
  readonly secrets: () => Promise<InboxSecrets>;
  readonly sink: Sink;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

const RECONNECT = { firstMs: 500, longestMs: 30_000 } as const;
/** A connection that has lived so long makes the next loss a new one. */
const STABLE_MS = 60_000;
const STATUS_INTERVAL_MS = 60_000;
const NOTHING: Batch = { reports: [], gaps: [], putAside: [], receivedMs: 0 };

/**
 * Collects until it is stopped: one connection to the broker after the other, all into one database. Nothing that the
 * broker or the database does ends it.
 * @returns what came of every message
 */
export async function collect(options: CollectingOptions, stopping: AbortSignal): Promise<CollectorTotals> {
  const { sink, log, broker, clock, random } = options;
  let inbox: Inbox | undefined;
  const collector = new Collector({
    ...options,
    on: {
      receipt: (topic, receipt) => inbox?.publish(topic, JSON.stringify(receipt)),
      putAside: (topic, reason) => log.error({ topic }, `put a message of ${topic} aside: ${reason}`),
      failed: (error, retryInMs) =>
        log.warn(`${messageOf(error)}; ${again(retryInMs)}, the nodes keep what has no receipt`),
    },
  });
  const left = endOf(stopping).then(async () => {
    await collector.stop();
    await inbox?.close();
  });
  const tell = () => log.info({ totals: collector.totals }, lineOf(collector.totals));
  const status = setInterval(tell, STATUS_INTERVAL_MS);
  // A wrong address should be in the log at once and not with the first report.
  await sink
    .store(NOTHING)
    .catch((error) => log.warn(`${messageOf(error)}; trying again with the first report`));
  /** One connection to its end, which comes as a message. */
  const attempt = async () => {
    const secrets = await options.secrets();
    if (stopping.aborted) return 'stopped';
    inbox = new Inbox({
      ...{ ...options, secrets },
      onMessage: (message) => collector.take(message),
      onSubscribed: () => log.info({ broker }, `collecting from ${broker} into ${sink.name}`),
    });
    return (await inbox.ended).message;
  };
  let failures = 0;
  while (!stopping.aborted) {
    const beganMs = clock.monoMs();
    // What is being renewed cannot be read, or makes no sense, for a moment.
    const message = await attempt().catch(messageOf);
    if (stopping.aborted) break;
    failures = clock.monoMs() - beganMs >= STABLE_MS ? 0 : failures + 1;
    const retryInMs = fullJitterMs(failures, RECONNECT, random);
    log.warn({ broker }, `${message}; ${again(retryInMs)}`);
    // Rejects only when the wait is ended.
    await sleep(retryInMs, undefined, { signal: stopping }).catch(() => {});
  }
  clearInterval(status);
  await left;
  tell();
  return collector.totals;
}

function endOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function again(retryInMs: number): string {
  return `trying again in ${(retryInMs / 1000).toFixed(1)} s`;
}

function lineOf({ received, stored, copies, gaps, putAside, waiting }: CollectorTotals): string {
  return (
    `${received} messages: ${stored} reports stored, ${copies} copies, ${gaps} lists of gaps, ` +
    `${putAside} put aside, ${waiting} waiting`
  );
}
