import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { learnRecording } from '../learn-recording.ts';
import { activateModel, proposeModel } from '../models/active.ts';
import { replayedSource } from '../replay.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type CheckedAsset, chosenAsset, configuredAsset } from './asset-choice.ts';
import { asDataOwner, installAsDataOwner } from './data-owner.ts';
import { checkModel } from './model-check.ts';
import { shortSha } from './model-choice.ts';
import { progressBar } from './progress-bar.ts';

export interface LearnFromOptions {
  readonly config: string;
  readonly asset?: string;
  readonly source?: string;
}

/**
 * `fieldnote learn --from`: learns the normal of an asset from a recording of healthy running, and lets it judge, or puts
 * it forward where `learn.approve` asks for a yes.
 * @throws FieldnoteError LEARN_UNSTEADY saying why the recording makes no model; then nothing has changed
 */
export async function learnFrom(recording: string, options: LearnFromOptions): Promise<void> {
  const { config } = loadConfig(options.config);
  const key = chosenAsset(config, options.asset);
  const asset = { key, config: configuredAsset(config, key) };
  const source = replayedSource(config, options.source);
  const staging = await mkdtemp(join(tmpdir(), 'fieldnote-learn-'));
  try {
    const { directory, learnedMs, sensorFaults } = await learnShown({
      recording,
      asset,
      source,
      config,
      staging,
    });
    await checkModel({ folder: directory, asset, onCheck() {} });
    const sha256 = await installAsDataOwner(config.dataDir, key, directory);
    say(`learned the normal of ${key} from ${(learnedMs / 1000).toFixed(0)} s of ${basename(recording)}`);
    for (const [channel, fault] of sensorFaults)
      say(`${channel} was left out while its sensor was at fault (${fault})`);
    await use(config, asset, sha256);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function use({ dataDir }: Config, { key, config }: CheckedAsset, sha256: string): Promise<void> {
  if (config.learn.approve) {
    await asDataOwner(dataDir, () => proposeModel(dataDir, key, sha256));
    say(`${shortSha(sha256)} waits for a yes: fieldnote learn --approve ${key}`);
    say('Before that, compare it with the active one: fieldnote models try RECORDING --model SHA256');
    return;
  }
  await asDataOwner(dataDir, () => activateModel(dataDir, key, sha256));
  say(`${key} is judged by ${shortSha(sha256)} now; a running daemon takes it over within seconds.`);
}

async function learnShown({
  recording,
  asset: { key, config: assetConfig },
  source,
  config,
  staging,
}: {
  recording: string;
  asset: CheckedAsset;
  source: string;
  config: Config;
  staging: string;
}) {
  const sizeBytes = await stat(recording).then(
    ({ size }) => size,
    () => 0,
  );
  const show = progressBar(process.stderr, `reading ${basename(recording)}`);
  try {
    return await learnRecording({
      ...{ recording, source, asset: key, config: assetConfig, dataDir: staging },
      protocol: config.sources[source]?.protocol ?? 'text',
      vehicle: config.sources[source]?.mavlink.system,
      clock: systemClock(() => 0),
      onRead: (readBytes) => show(readBytes / Math.max(sizeBytes, readBytes)),
    });
  } catch (error) {
    if (!(error instanceof FieldnoteError) || error.code !== 'LEARN_UNSTEADY') throw error;
    const message = `nothing was learned of ${key}, and nothing has changed: ${messageOf(error)}`;
    throw new FieldnoteError(error.code, message, error.context, error);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
