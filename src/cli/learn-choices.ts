import { loadConfig } from '../config/load.ts';
import { approveModel } from '../models/active.ts';
import { askToLearnAgain } from '../models/learn-again.ts';
import { chosenAsset } from './asset-choice.ts';
import { asDataOwner } from './data-owner.ts';
import { packagesOf, shortSha } from './model-choice.ts';

/**
 * `fieldnote learn --approve`: what was learned judges from now on.
 * @throws FieldnoteError MODEL_INVALID when nothing waits for a yes
 */
export async function learnApprove(name: string | undefined, options: { config: string }): Promise<void> {
  const { config } = loadConfig(options.config);
  const { dataDir } = config;
  const key = chosenAsset(config, name);
  await packagesOf(dataDir, key);
  const sha256 = await asDataOwner(dataDir, () => approveModel(dataDir, key));
  say(`${key} is judged by ${shortSha(sha256)} now; a running daemon takes it over within seconds.`);
}

/** `fieldnote learn again`: forgets what is normal for an asset. */
export async function learnAgain(name: string | undefined, options: { config: string }): Promise<void> {
  const { config } = loadConfig(options.config);
  const { dataDir } = config;
  const key = chosenAsset(config, name);
  await packagesOf(dataDir, key);
  const hadModel = await asDataOwner(dataDir, () => askToLearnAgain(dataDir, key));
  const seconds = (config.assets[key]?.learn.for ?? 0) / 1000;
  say(`${key} is learned anew, for ${seconds} s of healthy running; until then nothing of it is judged.`);
  say('A running daemon begins within seconds, otherwise the next one that starts.');
  if (hadModel) say(`To go back to the model it had: fieldnote models rollback ${key}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
