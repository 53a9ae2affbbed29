import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that plays a board. It ends by kill -9 only: no board can say good-bye when its cable is pulled. */
export class Board implements AsyncDisposable {
  /** What it printed, on both of its outputs. */
  output = '';
  readonly #child: ChildProcess;

  constructor(command: string, commandLine: readonly string[]) {
    this.#child = spawn(command, commandLine, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
