import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf } from '../system/errors.ts';
import { FrameReader, toFrame } from './frames.ts';

/** What the daemon sends. */
export interface Asked<Request> {
  readonly id: number;
  readonly request: Request;
}

/** What the child sends back: the answer, or why there is none. */
export type Answered<Answer> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly error: string };

/** File descriptor of the socket to the daemon. */
export const CHANNEL_FD = 3;

/** Holds a window of 100,000 rows and 64 channels. */
const REQUEST_SIZE_BYTES_MAX = 32 * 1024 * 1024;
const ERROR_LENGTH_MAX = 1000;

/** When memory runs out the kernel ends this process before the daemon (proc(5), oom_score_adj). */
const OOM_SCORE_ADJUSTMENT = '800';

/**
 * The child's side of IsolatedProcess: answers each request with what `handle` returns, or with the message of
 * what it threw. The process ends when the daemon is gone; while `handle` is inside a native call it notices that
 * only when the call comes back.
 */
export function serve<Request, Answer>(handle: (request: Request) => Answer | Promise<Answer>): void {
  raiseOomScore();
  const channel = new Socket({ fd: CHANNEL_FD });
  const frames = new FrameReader(REQUEST_SIZE_BYTES_MAX);
  const reply = async ({ id, request }: Asked<Request>): Promise<void> => {
    const answered = await answer(id, request, handle);
    channel.write(toFrame(answered));
  };
  channel.on('error', () => process.exit());
  channel.on('close', () => process.exit());
  channel.on('data', (chunk: Buffer) => {
    for (const asked of frames.push(chunk)) reply(asked as Asked<Request>).catch(die);
  });
}

async function answer<Request, Answer>(
  id: number,
  request: Request,
  handle: (request: Request) => Answer | Promise<Answer>,
): Promise<Answered<Answer>> {
  try {
    return { id, answer: await handle(request) };
  } catch (error) {
    return { id, error: messageOf(error).slice(0, ERROR_LENGTH_MAX) };
  }
}

/** An answer that cannot be framed is a bug; the message reaches the daemon with the death of this process. */
function die(error: unknown): void {
  console.error(error);
  process.exit(1);
}

function raiseOomScore(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE_ADJUSTMENT);
  } catch {
    // Not Linux, or not allowed: the kernel then chooses by itself.
  }
}
