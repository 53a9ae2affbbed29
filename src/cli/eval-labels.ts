import { withChannels } from '../assets.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { evaluateLabels } from '../eval/labels.ts';
import { replayedSource } from '../replay.ts';
import { FieldnoteError } from '../system/errors.ts';
import { createLog } from '../system/log.ts';
import { checkWritable, type EvalOptions, printResult } from './eval.ts';

export interface EvalLabelsOptions extends EvalOptions {
  readonly config: string;
  readonly source?: string;
  readonly asset?: string;
}

/** `fieldnote eval labels`: what a configuration would have found of what a person knows about a recording. */
export async function evalLabels(
  recording: string,
  labels: string,
  options: EvalLabelsOptions,
): Promise<void> {
  const { config } = loadConfig(options.config);
  const source = replayedSource(config, options.source);
  const asset = labelledAsset(config, source, options.asset);
  await checkWritable(options.out);
  const log = createLog(config.logLevel, process.stderr);
  process.stderr.write(`${recording} as ${source}, judged as ${asset}\n`);
  await printResult(await evaluateLabels({ config, source, asset, recording, log }, labels), options);
}

/** The named asset, or the only one that the source feeds. */
function labelledAsset(config: Config, source: string, name: string | undefined): string {
  const fed = Object.entries(config.assets)
    .filter(([, configured]) => {
      const channels = Object.values(withChannels(configured)?.channels ?? {});
      return channels.some(({ from }) => from.startsWith(`${source}.`));
    })
    .map(([key]) => key);
  const asset = name ?? (fed.length === 1 ? fed[0] : undefined);
  if (asset !== undefined && fed.includes(asset)) return asset;
  const which =
    name === undefined ? 'say which asset the labels are about' : `${source} feeds no asset ${name}`;
  const known = fed.length === 0 ? `no asset has channels from ${source}` : `--asset ${fed.join(' | ')}`;
  throw new FieldnoteError('BAD_ARGUMENT', `${which}: ${known}`, { fed });
}
