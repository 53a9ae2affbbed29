import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type ListedModel, modelsFolder } from '../models/active.ts';
import { type LearningNote, readLearningNote } from '../models/learning-note.ts';
import type { ModelManifest } from '../models/package.ts';
import { formatNumber } from '../report/format.ts';
import { chosenAsset } from './asset-choice.ts';
import { packagesOf, shortSha } from './model-choice.ts';
import { shownTime } from './shown-time.ts';
import { alignedRows } from './table.ts';

/** What is known of the normal of one asset. */
interface LearnStatus {
  readonly asset: string;
  readonly name: string | undefined;
  readonly state: 'watching' | 'waiting for a yes' | 'learning' | 'not begun';
  /** Unix milliseconds; while it watches. */
  readonly watchingSinceMs: number | undefined;
  /** sha256 of the model that judges. */
  readonly active: string | undefined;
  /** sha256 of the model that waits for a yes. */
  readonly proposed: string | undefined;
  /** As the daemon noted it last. */
  readonly learning: LearningNote | undefined;
  readonly learnForMs: number;
  /** What is normal for each channel, if the package tells: of the active model, or the one that waits. */
  readonly normal: readonly ChannelNormal[];
}

interface ChannelNormal {
  readonly channel: string;
  readonly unit: string;
  readonly baseline: number;
  /** Standard deviation of a window mean. */
  readonly spread: number;
}

/** `fieldnote learn status`: how far the learning of each asset is, or what was learned. */
export async function learnStatus(
  name: string | undefined,
  options: { config: string; json?: boolean },
): Promise<void> {
  const { config } = loadConfig(options.config);
  const keys = name === undefined ? Object.keys(config.assets) : [chosenAsset(config, name)];
  const statuses: LearnStatus[] = [];
  for (const key of keys) statuses.push(await statusOf(config, key));
  const text = options.json ? JSON.stringify(statuses, null, 2) : statuses.map(pageOf).join('\n');
  process.stdout.write(`${text}\n`);
}

async function statusOf({ dataDir, assets }: Config, asset: string): Promise<LearnStatus> {
  const folder = modelsFolder(dataDir, asset);
  const models = await packagesOf(dataDir, asset);
  const learning = await readLearningNote(folder);
  const active = models.find(({ isActive }) => isActive);
  const proposed = models.find(({ isProposed }) => isProposed);
  const since = active && (await stat(join(folder, 'active')).catch(() => undefined));
  return {
    ...{ asset, name: assets[asset]?.name, learning, learnForMs: assets[asset]?.learn.for ?? 0 },
    state: stateOf(active, proposed, learning),
    watchingSinceMs: since?.mtimeMs,
    active: active?.sha256,
    proposed: proposed?.sha256,
    normal: normalOf((active ?? proposed)?.manifest),
  };
}

function stateOf(
  active: ListedModel | undefined,
  proposed: ListedModel | undefined,
  learning: LearningNote | undefined,
): LearnStatus['state'] {
  if (active !== undefined) return 'watching';
  if (proposed !== undefined) return 'waiting for a yes';
  return learning === undefined ? 'not begun' : 'learning';
}

function normalOf(manifest: ModelManifest | undefined): ChannelNormal[] {
  const figures = manifest?.provenance.figures ?? {};
  return (manifest?.channels ?? []).flatMap(({ name: channel, unit }) => {
    const [baseline, spread] = [figures[`baseline.${channel}`], figures[`spread.${channel}`]];
    return baseline === undefined || spread === undefined ? [] : [{ channel, unit, baseline, spread }];
  });
}

function pageOf(status: LearnStatus): string {
  const { asset, name, normal, learning, active, proposed } = status;
  const rejected = status.state === 'learning' ? learning?.rejected : undefined;
  const rows = normal.map(({ channel, unit, baseline, spread }) => {
    const decimals = Math.max(0, -Math.floor(Math.log10(spread / 2)));
    return [channel, `${formatNumber(baseline, decimals)} ± ${formatNumber(spread, decimals + 1)} ${unit}`];
  });
  return [
    `${name === undefined ? asset : `${asset} (${name})`}: ${stateText(status)}`,
    ...(proposed === undefined || active === undefined ? [] : [`  ${waitingText(asset, proposed)}`]),
    ...(rejected ? [`  rejected ${shownTime(rejected.wallMs)}: ${rejected.reason}`] : []),
    ...alignedRows(rows, '  '),
  ].join('\n');
}

function stateText({
  asset,
  state,
  active,
  proposed,
  learning,
  learnForMs,
  watchingSinceMs,
}: LearnStatus): string {
  const length = `${learnForMs / 1000} s`;
  switch (state) {
    case 'watching':
      return `watching by ${shortSha(active ?? '')}, chosen ${shownTime(watchingSinceMs ?? 0)}`;
    case 'waiting for a yes':
      return waitingText(asset, proposed ?? '');
    case 'learning':
      return `learning, ${Math.floor((learning?.learned ?? 0) * 100)} % of ${length} at ${shownTime(learning?.wallMs ?? 0)}`;
    case 'not begun':
      return `nothing is learned yet of ${length}; the daemon has to run, or give a recording: fieldnote learn --from`;
  }
}

function waitingText(asset: string, proposed: string): string {
  return `${shortSha(proposed)} waits for a yes: fieldnote learn --approve ${asset}`;
}
