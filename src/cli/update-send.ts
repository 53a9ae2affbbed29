import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { versionsToTry } from '../publish/client-options.ts';
import { readSecrets } from '../publish/secrets.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { Manifest } from '../update/bundle.ts';
import { outcomeLine } from '../update/outcome-line.ts';
import { type Outcome, outcomeSchema } from '../update/releases.ts';
import { OutgoingBundle } from '../update-carrier/outgoing.ts';
import { UpdateSender } from '../update-carrier/sender.ts';
import { durationOption } from './modbus-connection.ts';
import { type ProgressOutput, progressBar } from './progress-bar.ts';

const KEEP_ALIVE_MS = 30_000;
const ACK_TIMEOUT_MS = 20_000;
const LOOK_INTERVAL_MS = 250;

export interface UpdateSendOptions {
  readonly broker: string;
  readonly site: string;
  readonly node: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly patience: string;
}

/**
 * `fieldnote update send`: sends a bundle and waits for what comes of it.
 * @returns whether the update was installed
 * @throws FieldnoteError UPDATE_REFUSED when the node takes it not at all; PUBLISH_LOST when it does not get there
 */
export async function updateSend(
  path: string,
  options: UpdateSendOptions,
  output: ProgressOutput = process.stderr,
): Promise<boolean> {
  assertBroker(options.broker);
  const patienceMs = durationOption(options.patience, '--patience');
  using bundle = new OutgoingBundle(path);
  const news = new OutcomeNews(bundle.manifest);
  const clock = systemClock(() => 0);
  const { broker: url, site, node, username } = options;
  const say = (line: string) => output.write(`${line}\n`);
  const sender = new UpdateSender({
    ...{ bundle, site, node, patienceMs, clock },
    link: {
      settings: {
        ...{ url, username, keepAliveMs: KEEP_ALIVE_MS, ackTimeoutMs: ACK_TIMEOUT_MS },
        clientId: `fieldnote-update-${hostname()}-${randomBytes(4).toString('hex')}`,
      },
      secrets: () => readSecrets(options, process.env['CREDENTIALS_DIRECTORY']),
      versions: versionsToTry('auto'),
      random: Math.random,
      clock,
    },
    onProgress: progressBar(output, `sending update ${bundle.manifest.sequence} to ${site}/${node}`),
    onWaiting: (reason) => say(`waiting: ${printable(reason)}`),
    onHealth: (document) => news.hear(document),
  });
  try {
    await sender.send();
    const { healthWindowS } = bundle.manifest;
    say(
      `the node has it, and its updater tries it; whether it stays is known ${healthWindowS} s after its start`,
    );
    return tell(await outcomeWithin(news, healthWindowS * 1000 + patienceMs), bundle.manifest);
  } finally {
    await sender.stop();
  }
}

function assertBroker(url: string): void {
  if (/^(?:mqtt|ws)s?:\/\/[^\s@]+$/.test(url) && URL.canParse(url)) return;
  throw new FieldnoteError(
    'BAD_ARGUMENT',
    `--broker ${url} must be mqtt://host:port, mqtts://host:port or the same with ws and wss, without user or password`,
  );
}

function tell(outcome: Outcome | undefined, { sequence }: Manifest): boolean {
  const line = outcome
    ? outcomeLine(outcome)
    : `the node has not said what came of update ${sequence}; its health will, and so does fieldnote update status there`;
  process.stdout.write(`${printable(line)}\n`);
  return outcome?.result === 'installed';
}

async function outcomeWithin(news: OutcomeNews, waitMs: number): Promise<Outcome | undefined> {
  for (let leftMs = waitMs; news.outcome === undefined && leftMs > 0; leftMs -= LOOK_INTERVAL_MS)
    await sleep(LOOK_INTERVAL_MS);
  return news.outcome;
}

const healthSchema = z.looseObject({ release: z.looseObject({ last: outcomeSchema.optional() }).optional() });

/** What the health of the node says about one update, apart from what it said about an earlier try. */
class OutcomeNews {
  outcome: Outcome | undefined;
  readonly #sequence: number;
  #before: string | undefined;

  constructor({ sequence }: Manifest) {
    this.#sequence = sequence;
  }

  hear(document: unknown): void {
    const health = healthSchema.safeParse(document);
    if (!health.success) return;
    const last = health.data.release?.last;
    this.#before ??= last?.at ?? '';
    if (last?.sequence === this.#sequence && last.at !== this.#before) this.outcome = last;
  }
}

/** It comes from a broker, and goes to a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
