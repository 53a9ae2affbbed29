import { join } from 'node:path';
import type { BearingConfig } from './config/bearing.ts';
import type { IncidentConfig } from './config/schema.ts';
import { together } from './incident/agreement.ts';
import { type AssetIncidents, stateKeyOf } from './incidents.ts';
import type { Judge } from './judge/judge.ts';
import type { ModelManifest } from './models/package.ts';
import { readModelPackage } from './models/read-package.ts';
import { conversionBetween, convert } from './models/units.ts';
import type { Counters } from './system/counters.ts';
import { FieldnoteError, messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { Waveform } from './values/device.ts';
import type { IncidentAbout } from './values/incident.ts';
import type { Judged, Label, NotJudgedReason, Verdict } from './values/verdict.ts';
import type { Window } from './values/window.ts';
import { activateWhenUp, LOAD_DEATHS_MAX } from './when-up.ts';
import { burstWindow } from './window/burst.ts';

const SHIPPED = join(import.meta.dirname, '../models/bearing');
/** Reasons that a person can do something about. */
const WHY: Partial<Record<NotJudgedReason, string>> = {
  'out-of-range': 'its rate, its speed or its geometry is not one that its model knows',
  gap: 'it is shorter than its model needs, or lacks values',
};

export interface BearingWatchOptions {
  readonly asset: string;
  readonly key: string;
  readonly config: BearingConfig;
  readonly judge: Pick<Judge, 'activate' | 'judge'>;
  readonly counters: Counters;
  readonly log: Logger;
  readonly incidents: Pick<AssetIncidents, 'follow'>;
  readonly settings: IncidentConfig;
  /** Latest value and unit of a channel of the asset; null where it has a gap or is none. */
  readonly latest: (channel: string) => { readonly value: number | null; readonly unit: string } | null;
}

export interface BearingHealth {
  /** Of the latest burst, best first. */
  readonly labels?: readonly Label[];
  readonly notJudged?: NotJudgedReason;
}

/**
 * One bearing on its way: bursts → windows with the speed and the geometry → verdicts → incidents of its own. Several of
 * the latest bursts are judged together.
 */
export class BearingWatch {
  readonly #options: BearingWatchOptions;
  readonly #about: IncidentAbout;
  /** What the judge calls it. */
  readonly #judgeKey: string;
  readonly #stopping = new AbortController();
  /** Reasons that the log has. */
  readonly #told = new Set<string>();
  #manifest: ModelManifest | undefined;
  #judged: readonly Judged[] = [];
  #latest: Verdict | undefined;
  #latestVerdict: Promise<void> = Promise.resolve();

  constructor(options: BearingWatchOptions) {
    this.#options = options;
    this.#about = { kind: 'bearing', subject: options.key };
    this.#judgeKey = stateKeyOf(options.asset, this.#about);
  }

  /** Loads its model; resolves when bursts can be judged, or never will be. */
  async start(): Promise<void> {
    const { asset, key, log } = this.#options;
    const logError = (what: string) => log.error({ asset }, `bearing ${key} of ${asset}: ${what}`);
    let deaths = 0;
    const mayDie = () => ++deaths < LOAD_DEATHS_MAX;
    try {
      await activateWhenUp(() => this.#load(), { signal: this.#stopping.signal, mayDie, onRetry: logError });
    } catch (error) {
      logError(`${messageOf(error)}; it is not listened to`);
    }
  }

  /** A waveform came in; one that is about something else is not looked at. */
  hear(waveform: Waveform): void {
    const { config, counters, judge } = this.#options;
    if (`${waveform.source}.${waveform.channel}` !== config.from) return;
    counters.add('windows_cut', this.#judgeKey);
    const window = this.#manifest && this.#windowOf(waveform, this.#manifest);
    if (typeof window === 'object') {
      this.#latestVerdict = judge.judge(window).then((verdict) => this.#decide(verdict));
      return;
    }
    const reason = window ?? 'learning';
    this.#decide({ kind: 'not-judged', asset: this.#judgeKey, endMs: waveform.monoMs, reason });
  }

  /** Resolves when every burst so far has its verdict. */
  settled(): Promise<void> {
    return this.#latestVerdict;
  }

  stop(): void {
    this.#stopping.abort();
  }

  get health(): BearingHealth {
    const verdict = this.#latest;
    if (verdict === undefined) return {};
    return verdict.kind === 'judged' ? { labels: verdict.labels } : { notJudged: verdict.reason };
  }

  async #load(): Promise<void> {
    const { asset, key, config, judge, log } = this.#options;
    const model = await readModelPackage(config.model ?? SHIPPED);
    const { channels, name, sha256 } = model.manifest;
    if (channels.length !== 1) {
      const message = `model "${name}" takes ${channels.length} channels; a bearing is heard by one`;
      throw new FieldnoteError('MODEL_MISMATCH', message, { sha256 });
    }
    await judge.activate(this.#judgeKey, model);
    this.#manifest = model.manifest;
    log.info({ asset, model: sha256 }, `listening to the bearing ${key} of ${asset}`);
  }

  /** The window, or why there is none. */
  #windowOf(waveform: Waveform, manifest: ModelManifest): Window | 'out-of-range' {
    const unit = manifest.channels[0]?.unit ?? '';
    const conversion = conversionBetween(waveform.unit, unit);
    if (conversion === undefined) {
      this.#tell(`a waveform in ${waveform.unit} cannot become the ${unit} that its model takes`);
      return 'out-of-range';
    }
    const values = waveform.values.map((value) => convert(value, conversion));
    const { geometry } = this.#options.config;
    const constants = { ...geometry, shaftHz: this.#shaftHz };
    const heard = { ...waveform, values };
    return burstWindow(heard, manifest, { asset: this.#judgeKey, constants }) ?? 'out-of-range';
  }

  /** NaN while nobody knows. */
  get #shaftHz(): number {
    const { rpm, channel = '' } = this.#options.config.shaft;
    if (rpm !== undefined) return rpm / 60;
    const speed = this.#options.latest(channel);
    const conversion = speed === null ? undefined : conversionBetween(speed.unit, 'Hz');
    if (conversion === undefined)
      this.#tell(`channel ${channel} gives no speed in 1/min or Hz${speed ? `, but ${speed.unit}` : ''}`);
    return conversion === undefined ? Number.NaN : convert(speed?.value ?? Number.NaN, conversion);
  }

  #decide(verdict: Verdict): void {
    const { asset, config, counters, incidents, settings } = this.#options;
    const before = this.#latest;
    this.#latest = verdict;
    counters.add(verdict.kind === 'judged' ? 'verdicts' : `not_judged_${verdict.reason}`, this.#judgeKey);
    if (verdict.kind === 'not-judged') {
      const why = WHY[verdict.reason];
      if (why !== undefined) this.#tell(`a burst was not judged: ${why}`);
      return;
    }
    this.#judged = [...this.#judged, verdict].slice(-config.bursts);
    const unsureBelow = this.#manifest?.outputs.unsureBelow ?? 0;
    const joint = together(this.#judged, { count: config.bursts, unsureBelow });
    if (typeof joint === 'string') return;
    incidents.follow({
      about: this.#about,
      verdict: { ...joint, asset },
      // Bursts come when the device sends them: the time between two of them is no gap.
      stepMs: verdict.endMs - (before?.endMs ?? verdict.endMs),
      // That several bursts agree has shown already that it lasts.
      settings: { ...settings, openAfter: 0 },
    });
  }

  /** Once each: every burst may say the same. */
  #tell(what: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    const { asset, key, log } = this.#options;
    log.warn({ asset }, `bearing ${key} of ${asset}: ${what}`);
  }
}
