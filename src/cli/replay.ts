import { withChannels } from '../assets.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { activeModelDir } from '../models/active.ts';
import { replay, replayedSource } from '../replay.ts';
import { reportOf } from '../report/facts.ts';
import { FieldnoteError } from '../system/errors.ts';
import { createLog } from '../system/log.ts';
import { agentVersion } from '../system/version.ts';

export interface ReplayCommandOptions {
  readonly config: string;
  readonly source?: string;
  readonly speed: string;
  readonly json?: boolean;
}

/** `fieldnote replay`: what the configuration would have made of a recording. Reports go to stdout, progress to stderr. */
export async function replayCommand(recording: string, options: ReplayCommandOptions): Promise<void> {
  const { config, sha256 } = loadConfig(options.config);
  const {
    site,
    node,
    report: { language },
  } = config;
  const speed = speedOf(options.speed);
  const provenance = { config: sha256, agent: agentVersion };
  const percentShown = new Map<string, number>();
  const result = await replay({
    config,
    source: replayedSource(config, options.source),
    recording,
    speed,
    models: await activeModels(config),
    log: createLog(config.logLevel, process.stderr),
    on: {
      learning(asset, share) {
        const percent = Math.floor(share * 10) * 10;
        if (percentShown.get(asset) === percent) return;
        percentShown.set(asset, percent);
        process.stderr.write(`${asset}: learning, ${percent} %\n`);
      },
      incident(event) {
        const key = event.incident.asset;
        const configured = config.assets[key];
        const asset = configured && withChannels(configured);
        if (asset === undefined) return;
        const report = reportOf({ event, asset: { key, ...asset }, site, node, language, provenance });
        const line = options.json
          ? JSON.stringify(report)
          : `${report.updated.time}  ${report.event}  ${report.text}`;
        process.stdout.write(`${line}\n`);
      },
    },
  });
  process.stderr.write(`${totalsOf(result)}\n`);
}

/** Assets that have a model are judged by it, as the daemon would; the others learn from the recording. */
async function activeModels({ assets, dataDir }: Config): Promise<Record<string, string>> {
  const models: Record<string, string> = {};
  for (const key of Object.keys(assets)) {
    const folder = await activeModelDir(dataDir, key);
    if (folder !== undefined) models[key] = folder;
  }
  return models;
}

function totalsOf({ counters, durationMs }: Awaited<ReturnType<typeof replay>>): string {
  const noise = Object.keys(counters.snapshot()).filter((name) => name.startsWith('noise_'));
  const noiseCount = noise.reduce((sum, name) => sum + counters.get(name as 'noise_unreadable'), 0);
  const parts = [
    `${(durationMs / 1000).toFixed(0)} s replayed`,
    `${counters.get('samples_read')} samples`,
    `${noiseCount} lines of noise`,
    `${counters.get('verdicts')} verdicts`,
    `${counters.get('not_judged_gap')} windows with gaps`,
  ];
  return parts.join(', ');
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (speed > 0) return speed;
  throw new FieldnoteError('BAD_ARGUMENT', `--speed ${text}: must be a number over 0, or max`, {
    speed: text,
  });
}
