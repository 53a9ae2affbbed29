import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { activeModelDir, modelsFolder } from './models/active.ts';

/** Which package of an asset is the chosen one, and whether somebody has chosen since that was read. */
export class ChosenModel {
  readonly #dataDir: string;
  readonly #asset: string;
  /** Tells one state of the file `active` from another: it is replaced as a whole. */
  #seen = '';

  constructor({ dataDir, asset }: { readonly dataDir: string; readonly asset: string }) {
    this.#dataDir = dataDir;
    this.#asset = asset;
  }

  /**
   * Folder of the chosen package; undefined when there is none.
   * @throws {FieldnoteError} MODEL_INVALID when the file that names it cannot be read or holds no sha256
   */
  async read(): Promise<string | undefined> {
    this.#seen = await this.#look();
    return activeModelDir(this.#dataDir, this.#asset);
  }

  /** Whether somebody has chosen since this was asked or read before, be it the same package again. */
  async hasChanged(): Promise<boolean> {
    const before = this.#seen;
    this.#seen = await this.#look();
    return this.#seen !== before;
  }

  async #look(): Promise<string> {
    const path = join(modelsFolder(this.#dataDir, this.#asset), 'active');
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found === undefined ? 'absent' : `${found.ino} ${found.mtimeNs}`;
  }
}
