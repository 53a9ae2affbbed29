import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { stampOfWall } from './digest-times.ts';
import type { Recollection } from './store/recall.ts';
import type { Clock } from './system/clock.ts';
import { FieldnoteError, messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { Period } from './values/period.ts';
import type { Stamp } from './values/stamp.ts';

/**
 * Where a running daemon is asked what it remembers: it alone has its store open. A Unix socket in the data folder, for
 * the user of the daemon and root. One line of JSON is a question, one line the answer.
 */

export const SOCKET_NAME = 'fieldnote.sock';

/** Unix milliseconds by the clock of this device; null for everything there is. */
export const recallRequest = z.strictObject({
  recall: z.strictObject({ fromMs: z.number(), toMs: z.number() }).nullable(),
});
export type RecallRequest = z.output<typeof recallRequest>;

export type RecallReply =
  | { readonly now: Stamp; readonly recollection: Recollection }
  | { readonly error: string };

const REQUEST_LENGTH_MAX = 1024;
const CONNECTIONS_MAX = 8;
const CONNECTION_TIMEOUT_MS = 10_000;

export interface AskingOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined while there is no store. */
  readonly recall: (period: Period | null) => Promise<Recollection | undefined>;
}

/** Answers until it is stopped. Where the socket cannot be, the log says so and the daemon goes on. */
export function startAsking(options: AskingOptions): { stop(): void } {
  const { dataDir, log } = options;
  const path = join(dataDir, SOCKET_NAME);
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, options));
  server.maxConnections = CONNECTIONS_MAX;
  server.on('error', (error) => {
    log.warn(`nobody can ask this daemon anything while it runs: ${messageOf(error)}`);
  });
  try {
    // One that was killed leaves its socket behind; the store is ours, so nobody listens there.
    rmSync(path, { force: true });
    // It must never be there for others, not even for a moment; listening on a path binds it at once.
    const before = process.umask(0o177);
    server.listen(path);
    process.umask(before);
  } catch (error) {
    server.emit('error', error);
  }
  return { stop: () => close(server, path) };
}

function close(server: Server, path: string): void {
  server.close();
  rmSync(path, { force: true });
}

function serve(socket: Socket, options: AskingOptions): void {
  let text = '';
  socket.setEncoding('utf8').setTimeout(CONNECTION_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (part: string) => {
    if (text.includes('\n')) return;
    text += part;
    if (text.length > REQUEST_LENGTH_MAX) socket.destroy();
    else if (text.includes('\n'))
      reply(text, options).then(
        (answer) =>
          socket.end(`${JSON.stringify(answer)}
`),
        () => socket.destroy(),
      );
  });
  socket.on('end', () => {
    if (!text.includes('\n')) socket.destroy();
  });
}

async function reply(text: string, { clock, recall }: AskingOptions): Promise<RecallReply> {
  try {
    const { recall: asked } = recallRequest.parse(JSON.parse(text));
    const now = clock.stampAt(clock.monoMs());
    const recollection = await recall(asked && periodOf(asked, now));
    if (recollection === undefined)
      throw new FieldnoteError('STORE_DEAD', 'the daemon cannot read its store now');
    return { now, recollection };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** A stretch of the wall clock of this device. */
export function periodOf({ fromMs, toMs }: NonNullable<RecallRequest['recall']>, now: Stamp): Period {
  return { from: stampOfWall(fromMs, now), to: stampOfWall(toMs, now) };
}
