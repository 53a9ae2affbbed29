import { randomBytes } from 'node:crypto';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Begun } from './begin.ts';
import type { Database } from './database.ts';
import { type Failure, failureOf, GroupCommit, type Request } from './group-commit.ts';
import { openDatabase, type Settings } from './open.ts';

/**
 * The thread that owns the database. It commits at once when it is idle; what arrives while a commit waits for the
 * disk shares the next one, and few deliveries wait for it. An error that makes the connection unusable ends the thread.
 */

/** First message of the thread. */
export type Greeting = Begun | { readonly failure: Failure };
/** `close` comes when no request is on its way. */
export type ToWorker = Request | 'close';

/** Bounds the size of one transaction. */
const GROUP_MAX = 64;
/** A daemon that watches writes something every five minutes, so deliveries hardly ever cost a commit. */
const DEFERRED_MS_MAX = 600_000;

if (parentPort !== null) serve(parentPort, workerData as Settings);

function serve(port: MessagePort, settings: Settings): void {
  const database = opened(port, settings);
  if (database === undefined) return;
  const commits = new GroupCommit(database, settings.dataDir);
  const timer = setInterval(() => commits.flush(), DEFERRED_MS_MAX);
  port.on('message', (first: ToWorker) => {
    if (first !== 'close') {
      port.postMessage(commits.run([first, ...waiting(port)]));
      database.disk.restoreBallast();
      return;
    }
    clearInterval(timer);
    commits.flush();
    database.close();
    port.close();
  });
  const { boot, epoch, notice } = database;
  port.postMessage({ boot, epoch, notice } satisfies Greeting);
  database.disk.restoreBallast();
}

/** Undefined when it cannot be opened, of which the greeting tells. */
function opened(port: MessagePort, settings: Settings): Database | undefined {
  try {
    return openDatabase(settings, randomBytes(8).toString('hex'));
  } catch (error) {
    port.postMessage({ failure: failureOf(error) } satisfies Greeting);
    return undefined;
  }
}

function* waiting(port: MessagePort): Generator<Request> {
  for (let length = 1; length < GROUP_MAX; length++) {
    const next: { message: Request } | undefined = receiveMessageOnPort(port);
    if (next === undefined) return;
    yield next.message;
  }
}
