import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CollectorTotals } from '../../src/collect/collector.ts';
import { eventually, type LogLine } from './daemon.ts';

const FIELDNOTE = join(import.meta.dirname, '../../bin/fieldnote.js');

/** A collector as an operator starts it: `fieldnote collect`. */
export class CollectorProcess implements AsyncDisposable {
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** Resolves when it has subscribed. */
  static async start(to: string, port: number, env: NodeJS.ProcessEnv = {}): Promise<CollectorProcess> {
    const collector = new CollectorProcess(to, port, env);
    await collector.logged(/^collecting from/);
    return collector;
  }

  private constructor(to: string, port: number, env: NodeJS.ProcessEnv) {
    const commandLine = [FIELDNOTE, 'collect', '--to', to, '--broker', `mqtt://127.0.0.1:${port}`];
    this.#child = spawn(process.execPath, commandLine, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#exited = once(this.#child, 'close');
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.log.push(JSON.parse(line)));
  }

  logged(pattern: RegExp): Promise<LogLine> {
    return eventually(() => {
      const line = this.log.find(({ msg }) => pattern.test(msg));
      if (line !== undefined) return line;
      throw new Error(`the log has no ${pattern}: ${this.log.map(({ msg }) => msg).join('\n')}`);
    });
  }

  /** Ends it in order; what came of every message that it got. */
  async stop(): Promise<CollectorTotals> {
    this.#child.kill('SIGTERM');
    await this.#exited;
    return this.log.findLast((line) => 'totals' in line)?.['totals'] as CollectorTotals;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
