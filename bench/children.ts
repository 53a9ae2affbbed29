import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from './proc.ts';

/** No process that the bench has started outlives it, whoever started it and whatever ended the bench. */
process.once('exit', () => {
  for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
});

const END_TIMEOUT_MS = 5000;

/** Starts a Node process; `args` begin with its script. */
export function startNode(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, args, { stdio: 'ignore', ...options });
}

/** Starts a script of this folder, which speaks by `process.send` and gets one argument as JSON. */
export function startScript(name: string, argument: unknown): ChildProcess {
  return fork(join(import.meta.dirname, name), [JSON.stringify(argument)]);
}

/**
 * The next thing that a script says.
 * @throws Error when it ends or says nothing for so long
 */
export async function nextMessage(child: ChildProcess, timeoutMs: number): Promise<unknown> {
  using waiting = cancellation();
  const { signal } = waiting;
  const silence = sleep(timeoutMs, `said nothing for ${timeoutMs / 1000} s`, { signal });
  const end = once(child, 'exit', { signal }).then(() => 'ended by itself');
  const told = once(child, 'message', { signal }).then(([message]) => ({ message }));
  for (const promise of [silence, end, told]) promise.catch(() => undefined);
  const outcome = await Promise.race([told, end, silence]);
  if (typeof outcome === 'string') throw new Error(`${child.spawnargs.at(1) ?? 'a process'} ${outcome}`);
  return outcome.message;
}

/** Ends a process and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
  await ended;
  clearTimeout(force);
}

function cancellation(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}
