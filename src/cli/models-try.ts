import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { modelDir } from '../models/active.ts';
import { replay, replayedSource } from '../replay.ts';
import { reportOf } from '../report/facts.ts';
import { createLog } from '../system/log.ts';
import { agentVersion } from '../system/version.ts';
import type { IncidentEvent } from '../values/incident.ts';
import type { Report } from '../values/report.ts';
import type { Verdict } from '../values/verdict.ts';
import { chosenAsset, configuredAsset } from './asset-choice.ts';
import { checkModel } from './model-check.ts';
import { chosenModel, packagesOf, shortSha } from './model-choice.ts';
import { ScoreQuantiles } from './score-quantiles.ts';
import { alignedRows } from './table.ts';

export interface ModelsTryOptions {
  readonly config: string;
  readonly model: string;
  readonly asset?: string;
  readonly source?: string;
  readonly json?: boolean;
}

/** What one model made of a recording. */
interface Outcome {
  readonly model: 'tried' | 'active';
  readonly sha256: string;
  readonly windows: number;
  /** Windows that the model did not judge, mostly because of gaps. */
  readonly notJudged: number;
  /** Share of the windows at whose end an incident was open. */
  readonly alarmShare: number;
  /** Quantiles of the score; 1 is the alarm limit. Null when nothing was judged. */
  readonly score: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  readonly incidentCount: number;
  /** The last report of each incident, at most INCIDENTS_MAX. */
  readonly incidents: readonly Pick<Report, 'opened' | 'closed' | 'severity' | 'peakScore' | 'text'>[];
}

interface Attempt {
  readonly config: Config;
  readonly key: string;
  readonly source: string;
  readonly recording: string;
  readonly reportFor: (event: IncidentEvent) => Report;
}

const INCIDENTS_MAX = 100;

/**
 * `fieldnote models try`: what a model would have reported about a recording, beside what the active one would have.
 * @throws FieldnoteError MODEL_INVALID or MODEL_MISMATCH when it may not judge the asset, RECORDING_UNREADABLE
 */
export async function modelsTry(recording: string, options: ModelsTryOptions): Promise<void> {
  const { config, sha256: configSha256 } = loadConfig(options.config);
  const key = chosenAsset(config, options.asset);
  const asset = { key, config: configuredAsset(config, key) };
  const source = replayedSource(config, options.source);
  const { folder } = await chosenModel(config.dataDir, key, options.model);
  const { manifest } = await checkModel({ folder, asset, onCheck() {} });
  const active = (await packagesOf(config.dataDir, key)).find(({ isActive }) => isActive);
  const {
    site,
    node,
    report: { language },
  } = config;
  const provenance = { config: configSha256, agent: agentVersion };
  const reportFor = (event: IncidentEvent) =>
    reportOf({ event, asset: { key, ...asset.config }, site, node, language, provenance });
  const attempt = { config, key, source, recording, reportFor };
  const outcomes = [await outcomeOf(attempt, { model: 'tried', sha256: manifest.sha256, folder })];
  if (active !== undefined && active.sha256 !== manifest.sha256) {
    const { sha256 } = active;
    const activeFolder = modelDir(config.dataDir, key, sha256);
    outcomes.push(await outcomeOf(attempt, { model: 'active', sha256, folder: activeFolder }));
  }
  const text = options.json ? JSON.stringify(outcomes, null, 2) : pageOf(outcomes);
  process.stdout.write(`${text}\n`);
}

async function outcomeOf(
  attempt: Attempt,
  { model, sha256, folder }: Pick<Outcome, 'model' | 'sha256'> & { readonly folder: string },
): Promise<Outcome> {
  const { config, key, source, recording, reportFor } = attempt;
  const configured = config.assets[key];
  const tally = new Tally();
  await replay({
    ...{ source, recording, speed: Number.POSITIVE_INFINITY, models: { [key]: folder } },
    config: { ...config, assets: configured ? { [key]: configured } : {} },
    log: createLog('error', process.stderr),
    on: {
      verdict: (verdict, { life }) =>
        tally.addVerdict(verdict, life !== null && life.incident.closed === null),
      incident(event) {
        // Faults of sensors are found without the model.
        if (event.incident.kind === 'machine') tally.addReport(reportFor(event));
      },
    },
  });
  return { model, sha256, ...tally.outcome };
}

/** Counts what a model says about a recording, in bounded memory. */
class Tally {
  readonly #scores = new ScoreQuantiles();
  readonly #reports = new Map<string, Report>();
  #windows = 0;
  #notJudged = 0;
  #alarms = 0;
  #incidentCount = 0;

  addVerdict(verdict: Verdict, isOpen: boolean): void {
    this.#windows++;
    if (verdict.kind === 'judged') this.#scores.add(verdict.score);
    else this.#notJudged++;
    if (isOpen) this.#alarms++;
  }

  addReport(report: Report): void {
    const { id, event } = report;
    if (event === 'opened') this.#incidentCount++;
    if (this.#reports.has(id) || this.#reports.size < INCIDENTS_MAX) this.#reports.set(id, report);
  }

  get outcome(): Omit<Outcome, 'model' | 'sha256'> {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => this.#scores.at(share));
    const isJudged = p50 !== undefined && p95 !== undefined && p99 !== undefined;
    return {
      windows: this.#windows,
      notJudged: this.#notJudged,
      alarmShare: this.#windows === 0 ? 0 : this.#alarms / this.#windows,
      score: isJudged ? { p50, p95, p99, max: this.#scores.largest } : null,
      incidentCount: this.#incidentCount,
      incidents: [...this.#reports.values()].map(({ opened, closed, severity, peakScore, text }) => {
        return { opened, closed, severity, peakScore, text };
      }),
    };
  }
}

function pageOf(outcomes: readonly Outcome[]): string {
  const row = (what: string, cell: (outcome: Outcome) => string) => [what, ...outcomes.map(cell)];
  const quantile = (name: 'p50' | 'p95' | 'p99' | 'max') =>
    row(`score ${name}`, ({ score }) => (score === null ? '–' : score[name].toFixed(2)));
  const table = alignedRows([
    row('', ({ model, sha256 }) => `${model} ${shortSha(sha256)}`),
    row('windows', ({ windows }) => String(windows)),
    row('not judged', ({ notJudged }) => String(notJudged)),
    row('incidents', ({ incidentCount }) => String(incidentCount)),
    row('time in alarm', ({ alarmShare }) => `${(alarmShare * 100).toFixed(1)} %`),
    ...[quantile('p50'), quantile('p95'), quantile('p99'), quantile('max')],
  ]);
  return [...table, ...outcomes.flatMap(incidentLines)].join('\n');
}

function incidentLines({ model, sha256, incidents, incidentCount }: Outcome): string[] {
  if (incidents.length === 0)
    return [`${model} ${shortSha(sha256)} would have reported nothing of the machine`];
  const more = incidentCount - incidents.length;
  return [
    `${model} ${shortSha(sha256)} would have reported`,
    ...incidents.map(({ opened, text }) => `  ${opened.time}  ${text}`),
    ...(more > 0 ? [`  and ${more} more incidents`] : []),
  ];
}
