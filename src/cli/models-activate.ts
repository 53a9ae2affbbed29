import { loadConfig } from '../config/load.ts';
import { activateModel, modelsFolder, rollBackModel } from '../models/active.ts';
import { readTrial } from '../models/trial.ts';
import { chosenAsset, knownAsset } from './asset-choice.ts';
import { asDataOwner, installAsDataOwner } from './data-owner.ts';
import { checkModel } from './model-check.ts';
import { chosenModel, packagesOf, shortSha } from './model-choice.ts';
import { checkLine } from './models-check.ts';

export interface ModelsActivateOptions {
  readonly config: string;
  readonly asset?: string;
}

/**
 * `fieldnote models activate`: checks a package, copies it where the asset's packages lie, and makes it the active one.
 * @throws FieldnoteError MODEL_INVALID or MODEL_MISMATCH when it may not judge; then nothing has changed
 */
export async function modelsActivate(text: string, options: ModelsActivateOptions): Promise<void> {
  const { config } = loadConfig(options.config);
  const { dataDir } = config;
  const key = chosenAsset(config, options.asset);
  const { folder, sha256: held } = await chosenModel(dataDir, key, text);
  const asset = knownAsset(config, key);
  await checkModel({ folder, asset, onCheck: (check) => say(checkLine(check)) });
  if (asset === undefined)
    say(`The channels of ${key} come from its device: the daemon checks whether the model fits them.`);
  const sha256 = held ?? (await installAsDataOwner(dataDir, key, folder));
  await asDataOwner(dataDir, () => activateModel(dataDir, key, sha256));
  say(`${key} is judged by ${shortSha(sha256)} now; a running daemon takes it over within seconds.`);
  const isOnTrial = (await readTrial(modelsFolder(dataDir, key), sha256)) !== undefined;
  if (isOnTrial) {
    say(
      'It is on trial: if it crashes, hangs, or alarms on most of its first hour while the model before did not,',
    );
    say(`the daemon goes back by itself. To go back at once: fieldnote models rollback ${key}`);
  }
}

/**
 * `fieldnote models rollback`: the model before the active one judges again.
 * @throws FieldnoteError MODEL_INVALID when there is none
 */
export async function modelsRollback(
  name: string | undefined,
  options: ModelsActivateOptions,
): Promise<void> {
  const { config } = loadConfig(options.config);
  const { dataDir } = config;
  const key = chosenAsset(config, name);
  await packagesOf(dataDir, key);
  const sha256 = await asDataOwner(dataDir, () => rollBackModel(dataDir, key));
  say(`${key} is judged by ${shortSha(sha256)} again; a running daemon takes it over within seconds.`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
