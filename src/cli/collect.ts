import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { collect } from '../collect/collecting.ts';
import { readSecrets } from '../publish/secrets.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import { createLog } from '../system/log.ts';
import { sinkAt } from './sink-choice.ts';

export interface CollectOptions {
  readonly to: string;
  readonly broker: string;
  readonly group: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** `fieldnote collect`: stores what the nodes publish, and sends receipts, until SIGTERM or SIGINT. */
export async function collectCommand({
  to,
  broker,
  group,
  username,
  ...files
}: CollectOptions): Promise<void> {
  assertUsable({ broker, group });
  const secrets = () => readSecrets(files, process.env['CREDENTIALS_DIRECTORY']);
  // A wrong path should end it at once.
  await secrets();
  const sink = sinkAt(to);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const clientId = `fieldnote-collector-${hostname()}-${randomBytes(4).toString('hex')}`;
  const log = createLog('info');
  const clock = systemClock(() => 0);
  await collect(
    { secrets, broker, group, username, clientId, sink, clock, random: Math.random, log },
    stop.signal,
  );
  await sink.close();
}

function assertUsable({ broker, group }: { broker: string; group: string }): void {
  if (!/^mqtts?:\/\/[^\s@/]+$/.test(broker) || !URL.canParse(broker))
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      `--broker ${broker} must be mqtt://host:port or mqtts://host:port, without user or password`,
    );
  if (!/^[\w.-]{1,64}$/.test(group))
    throw new FieldnoteError('BAD_ARGUMENT', `--group ${group} must be letters, digits, ".", "_" or "-"`);
}
