import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Totals } from '../../src/store/ledger.ts';

/** What test/system/reporting-node.ts is told. */
export interface NodeSettings {
  readonly dataDir: string;
  /** Of the broker. */
  readonly port: number;
  readonly node: string;
  readonly receipts: boolean;
  /** It deletes what it reads from the outbox: a check that does not notice is none. */
  readonly isForgetful: boolean;
  /** Reports that it accepts before it waits for the delivery of all. */
  readonly count: number;
}

/** What it writes at its end. */
export interface NodeBooks {
  readonly epoch: string;
  readonly totals: Totals;
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One life of a node. */
export class NodeProcess implements AsyncDisposable {
  /** Resolves with its first promise. */
  readonly begun: Promise<void>;
  /** Resolves when it has ended: with its books when it ended by itself. */
  readonly ended: Promise<NodeBooks | undefined>;
  readonly #child: ChildProcess;

  /** @param onPromised called with `<lane> <number>` of each report that became durable */
  constructor(settings: NodeSettings, onPromised: (place: string) => void) {
    const program = join(import.meta.dirname, '../system/reporting-node.ts');
    this.#child = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Halves the time of a start.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'fieldnote-compile-cache') },
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('it has no output');
    let books: NodeBooks | undefined;
    const begun = Promise.withResolvers<void>();
    createInterface({ input: stdout }).on('line', (line) => {
      if (line.startsWith('{')) books = JSON.parse(line);
      else if (/^[a-z]+ \d+$/.test(line)) onPromised(line);
      begun.resolve();
    });
    this.begun = begun.promise;
    this.ended = once(this.#child, 'close').then(() => books);
  }

  /** Lets it deliver what it has accepted, and end. */
  async finish(): Promise<NodeBooks> {
    this.#child.kill('SIGTERM');
    const books = await this.ended;
    if (books === undefined) throw new Error('it ended without its books');
    return books;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
