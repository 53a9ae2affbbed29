import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The disk around the database. On a full one SQLite can neither delete nor checkpoint, so a file of ballast lies beside
 * it: when something fails for want of room the ballast goes, and what frees room can be done. It comes back
 * when there is plenty.
 */

const MIB = 1024 * 1024;
/** Twice what the log may grow to (`journal_size_limit`). */
const BALLAST_BYTES_MAX = 8 * MIB;
/** A small store needs less. */
const BALLAST_SHARE = 1 / 32;
const CHUNK_BYTES = 256 * 1024;
/** Under a quota the disk looks empty and takes nothing: trying wears it. */
const RETRY_MS = 3_600_000;

export interface DiskOptions {
  readonly folder: string;
  /** Of the database. */
  readonly sizeBytesMax: number;
  /** What an unprivileged process may still write to the disk of a folder, bytes. */
  readonly freeBytesOf?: (folder: string) => number;
  /** Milliseconds of a clock that is never set. */
  readonly monoMs?: () => number;
}

export class Disk {
  readonly folder: string;
  readonly #path: string;
  readonly #ballastBytes: number;
  readonly #freeBytesOf: (folder: string) => number;
  readonly #monoMs: () => number;
  #hasBallast: boolean;
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(options: DiskOptions) {
    const { folder, sizeBytesMax, freeBytesOf = freeBytesOnDisk, monoMs = () => performance.now() } = options;
    this.folder = folder;
    this.#path = join(folder, 'fieldnote.ballast');
    this.#ballastBytes = Math.min(BALLAST_BYTES_MAX, Math.floor(sizeBytesMax * BALLAST_SHARE));
    this.#freeBytesOf = freeBytesOf;
    this.#monoMs = monoMs;
    this.#hasBallast = statSync(this.#path, { throwIfNoEntry: false })?.size === this.#ballastBytes;
  }

  freeBytes(): number {
    return this.#freeBytesOf(this.folder);
  }

  /** Also after the ballast was given up: then its room is for what is critical. */
  isLow(): boolean {
    return this.freeBytes() < 2 * this.#ballastBytes;
  }

  /** @returns whether there is more room now than before */
  giveUpBallast(): boolean {
    if (!this.#hasBallast || !this.isLow()) return false;
    rmSync(this.#path, { force: true });
    this.#hasBallast = false;
    return true;
  }

  /**
   * Makes the ballast if it is not there and the disk has plenty of room; after a failure at most once an hour. Throws
   * nothing: without it the store works all the same.
   */
  restoreBallast(): void {
    if (this.#hasBallast || this.#monoMs() - this.#failedMs < RETRY_MS) return;
    try {
      if (this.freeBytes() < 4 * this.#ballastBytes) return;
      this.#writeBallast();
      this.#hasBallast = true;
    } catch {
      this.#failedMs = this.#monoMs();
      this.#removeRemains();
    }
  }

  #removeRemains(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The next try writes over it.
    }
  }

  #writeBallast(): void {
    const file = openSync(this.#path, 'w');
    try {
      // Random, because some file systems store zeros as nothing.
      for (let left = this.#ballastBytes; left > 0; left -= CHUNK_BYTES)
        writeSync(file, randomBytes(Math.min(left, CHUNK_BYTES)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

function freeBytesOnDisk(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
