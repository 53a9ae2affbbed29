import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { periodOf, type RecallReply, type RecallRequest, SOCKET_NAME } from '../asking.ts';
import { bootNumber, readBeside } from '../store/read-beside.ts';
import { type Recollection, recall } from '../store/recall.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Span } from './calendar.ts';

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
const ANSWER_TIMEOUT_MS = 15_000;
/** The history has a budget; what is longer is no answer of a daemon. */
const ANSWER_LENGTH_MAX = 512 * 1024 * 1024;
/** The daemon is not there, has not begun to listen, or has no socket because its folder has too long a name for one. */
const ABSENT = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'EINVAL', 'ENAMETOOLONG'];

export interface Remembered {
  readonly now: Stamp;
  /** Undefined where no daemon has ever stored anything. */
  readonly recollection: Recollection | undefined;
}

/**
 * What is remembered of a stretch of time: asked of the daemon while it runs, read from its store while it does not.
 * @throws FieldnoteError STORE_LOCKED when a daemon has the store and does not answer; see `readBeside` for others
 */
export async function remembered(dataDir: string, span: Span | undefined): Promise<Remembered> {
  const reply = await askDaemon(join(dataDir, SOCKET_NAME), { recall: span ?? null });
  if (reply === undefined) return readStore(dataDir, span);
  if ('error' in reply) throw new FieldnoteError('STORE_DEAD', `the daemon could not answer: ${reply.error}`);
  return reply;
}

function readStore(dataDir: string, span: Span | undefined): Remembered {
  const bootId = readFileSync(BOOT_ID_FILE, 'utf8').trim();
  const read = readBeside(dataDir, (database) => {
    const boot = bootNumber(database, bootId);
    const clock = systemClock(() => boot);
    const now = clock.stampAt(clock.monoMs());
    return { now, recollection: recall(database, span === undefined ? null : periodOf(span, now)) };
  });
  const clock = systemClock(() => 1);
  return read ?? { now: clock.stampAt(clock.monoMs()), recollection: undefined };
}

/** Undefined when no daemon listens. */
async function askDaemon(path: string, request: RecallRequest): Promise<RecallReply | undefined> {
  const answer = Promise.withResolvers<RecallReply | undefined>();
  const parts: string[] = [];
  let length = 0;
  const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
  const fail = (why: string) => {
    answer.reject(new FieldnoteError('STORE_LOCKED', `the daemon at ${path} ${why}`, { path }));
    socket.destroy();
  };
  socket.setEncoding('utf8').setTimeout(ANSWER_TIMEOUT_MS, () => fail('does not answer'));
  socket.on('data', (part: string) => {
    parts.push(part);
    length += part.length;
    if (length > ANSWER_LENGTH_MAX) fail('answers without an end');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (ABSENT.includes(error.code ?? '')) answer.resolve(undefined);
    else fail(`cannot be asked: ${error.message}`);
  });
  socket.on('close', () => {
    try {
      answer.resolve(JSON.parse(parts.join('')));
    } catch {
      fail('hung up');
    }
  });
  return answer.promise;
}
