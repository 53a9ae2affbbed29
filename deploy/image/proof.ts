import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/system/errors.ts';

/** An emulated processor is 20 to 60 times slower than a real one, and may share its host. */
const STEP_TIMEOUT_MS = 300_000;
const LOOK_EVERY_MS = 200;

/** The steps of a proof, how long each took, and what a person would see meanwhile. */
export class Proof {
  passed = 0;
  failed = 0;
  readonly #capturesFolder: string;

  /** @param folder gets captures/ */
  constructor(folder: string) {
    this.#capturesFolder = join(folder, 'captures');
    mkdirSync(this.#capturesFolder, { recursive: true });
  }

  /** @throws whatever the step throws: those that follow stand on it */
  async step<T>(what: string, prove: () => T | Promise<T>): Promise<T> {
    const beginMs = performance.now();
    const say = (mark: string) => {
      const tookS = (performance.now() - beginMs) / 1000;
      console.log(`${tookS.toFixed(1).padStart(7)} s  ${mark}${what}`);
    };
    try {
      const result = await prove();
      this.passed += 1;
      say('');
      return result;
    } catch (error) {
      this.failed += 1;
      say(`FAILED: `);
      console.log(messageOf(error));
      throw error;
    }
  }

  /** Keeps what a terminal showed. */
  capture(name: string, text: string): void {
    writeFileSync(join(this.#capturesFolder, `${name}.txt`), `${text}\n`);
  }
}

/** @throws Error with what was found, if it is anything */
export function expectNothing(what: string, found: string): void {
  if (found !== '') throw new Error(`${what}:\n${found}`);
}

/** @throws Error when it does not come true in time, with what there is instead */
export async function until(
  what: string,
  isSo: () => boolean,
  instead: () => unknown = () => '',
): Promise<void> {
  const endMs = Date.now() + STEP_TIMEOUT_MS;
  while (!isSo()) {
    if (Date.now() > endMs) throw new Error(`waited in vain until ${what}; ${JSON.stringify(instead())}`);
    await sleep(LOOK_EVERY_MS);
  }
}
