import type { Row } from './row.ts';

/** A group of rows, in a file of its own; `bench/main.ts` lists them. */
export interface Part {
  /** What `--only` calls it. */
  readonly name: string;
  measure(bench: Bench): Promise<readonly Row[]>;
}

/** What a part may use. The folders are removed at the end; processes it ends itself. */
export interface Bench {
  /** On the disk of the checkout, where an fsync costs what it costs. */
  readonly diskFolder: string;
  /** Its path is short enough for sockets. */
  readonly temporaryFolder: string;
  /** Tells a waiting person what is being done. */
  say(text: string): void;
}
