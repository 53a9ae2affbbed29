import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { vi } from 'vitest';

const FIELDNOTE = join(import.meta.dirname, '../../bin/fieldnote.js');

/** Enough for a machine that does everything else at the same time. */
const WAIT_MS = 25_000;

/** One line of the daemon's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended: its exit code, or the signal that killed it. */
export type Exit = number | NodeJS.Signals;

/** The daemon as a user starts it, in a process of its own: `fieldnote run --config FILE`. */
export class Daemon implements AsyncDisposable {
  readonly pid: number;
  readonly log: LogLine[] = [];
  readonly exited: Promise<Exit>;
  stderr = '';
  readonly #child: ChildProcess;

  /**
   * @param env more than its environment
   * @param program what is started instead of the sources; it has to become the daemon, without a process between
   */
  constructor(
    configPath: string,
    env: NodeJS.ProcessEnv = {},
    program: readonly string[] = [process.execPath, FIELDNOTE],
  ) {
    const [command = '', ...before] = program;
    this.#child = spawn(command, [...before, 'run', '--config', configPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.pid = this.#child.pid ?? 0;
    const { stdout, stderr } = this.#child;
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.log.push(JSON.parse(line)));
    stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.exited = once(this.#child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** Waits for a line of the log; with `after`, for one beyond the so many first lines. */
  async logged(pattern: RegExp, after = 0): Promise<LogLine> {
    return eventually(() => {
      const line = this.log.slice(after).find(({ msg }) => pattern.test(msg));
      if (line !== undefined) return line;
      throw new Error(`the log has no ${pattern}:\n${this.#text}`);
    });
  }

  /** Messages of a level or above: 40 is warn, 50 is error. */
  messagesFrom(level: 40 | 50): string[] {
    return this.log.filter((line) => line.level >= level).map(({ msg }) => msg);
  }

  /**
   * Waits for its judge process and gives its id. It must have become the judge: a signal that stops it before that
   * would stop the daemon in the middle of starting it.
   */
  judge(): Promise<number> {
    return this.#childThatRuns('judge-process');
  }

  /** The same for the process of the language model. */
  writer(): Promise<number> {
    return this.#childThatRuns('writer-process');
  }

  /** Asks it to end, as systemd does. */
  stop(): Promise<Exit> {
    return this.#end('SIGTERM');
  }

  /** Ends it as a power cut would. */
  kill(): Promise<Exit> {
    return this.#end('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** The processes of the language model that there are now: one or none. */
  get writersNow(): number[] {
    return this.#childrenThatRun('writer-process');
  }

  #childThatRuns(script: string): Promise<number> {
    return eventually(() => {
      const [pid, ...others] = this.#childrenThatRun(script);
      if (pid !== undefined && others.length === 0) return pid;
      throw new Error(`one ${script} is expected among the children, not ${others.length + (pid ? 1 : 0)}`);
    });
  }

  #childrenThatRun(script: string): number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim().split(' ');
    return children.filter((pid) => pid !== '' && commandLineOf(pid).includes(script)).map(Number);
  }

  async #end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }

  get #text(): string {
    return [...this.log.map(({ level, msg }) => `${level} ${msg}`), this.stderr].join('\n');
  }
}

/** Empty when the process is gone. */
function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a process runs; one that has ended and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Runs a command of `fieldnote` to its end. */
export async function runFieldnote(...commandLine: string[]) {
  const child = spawn(process.execPath, [FIELDNOTE, ...commandLine], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode: child.exitCode, stdout, stderr };
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** A new empty folder, which goes with its owner. */
export async function newFolder(parent = tmpdir()): Promise<Folder> {
  const path = await mkdtemp(join(parent, 'fieldnote-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Writes a configuration into a folder and returns its path. What JSON can say, YAML can. */
export function writeConfig(folder: string, config: unknown): string {
  const path = join(folder, 'fieldnote.yaml');
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

/** Waits until `check` no longer throws, and returns what it returned. */
export function eventually<T>(check: () => T, timeoutMs = WAIT_MS): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: 10 });
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
