import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Asset } from '../../src/asset.ts';
import { type AssetConfig, configSchema } from '../../src/config/schema.ts';
import { Judge } from '../../src/judge/judge.ts';
import { activateModel, modelsFolder } from '../../src/models/active.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import type { Sample } from '../../src/values/sample.ts';
import { eventually, newFolder } from './daemon.ts';
import { type MadeModel, writeMadePackage } from './made-models.ts';

const NAMES = ['flow', 'pressure'] as const;

const CHANNELS = {
  flow: { from: 'mcu.flow', unit: 'L/min' },
  pressure: { from: 'mcu.pressure', unit: 'bar' },
};

export interface PumpOptions {
  readonly channels?: AssetConfig['channels'];
  /** For one window; far away unless a test waits for it. */
  readonly deadlineMs?: number;
}

/**
 * A pump whose two channels give one value a second for as long as a test says, watched by an `Asset` with a real judge.
 * Time is that of the samples, so that an hour of it takes a second.
 */
export class WatchedPump implements AsyncDisposable {
  readonly dataDir: string;
  readonly folder: string;
  readonly counters = new Counters();
  readonly log: string[] = [];
  judge: Judge;
  asset: Asset;
  readonly #parts: AsyncDisposableStack;
  readonly #config: AssetConfig;
  readonly #deadlineMs: number;
  readonly #clock = recordingClock();
  /** Ahead of real time, so that nobody waits for a back-off. */
  #skippedMs = 0;

  /** Watches by these made models, each activated after the one before; without one, it learns. */
  static async start(models: readonly MadeModel[], options: PumpOptions = {}) {
    const parts = new AsyncDisposableStack();
    const { path } = parts.use(await newFolder());
    const pump = new WatchedPump(path, parts, options);
    for (const model of models) await pump.activate(model);
    await pump.asset.start();
    await pump.asset.settled();
    return pump;
  }

  private constructor(
    dataDir: string,
    parts: AsyncDisposableStack,
    { channels = CHANNELS, deadlineMs = 10_000 }: PumpOptions,
  ) {
    this.#parts = parts;
    this.#config = configOf(channels);
    this.#deadlineMs = deadlineMs;
    this.dataDir = dataDir;
    this.folder = modelsFolder(dataDir, 'pump');
    this.judge = this.#newJudge();
    this.asset = this.#newAsset();
  }

  /** Puts a made package into the folder of the asset and makes it the active one, as a command would. */
  async activate(model: MadeModel, changes: object = {}): Promise<string> {
    const { sha256 } = writeMadePackage(this.folder, model, changes).manifest;
    await activateModel(this.dataDir, 'pump', sha256);
    return sha256;
  }

  /** The pump runs on, with the same value in both channels. */
  async run(seconds: number, value: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.#runSecond(value);
      await this.asset.settled();
    }
  }

  /** The pump runs on, a second in 10 ms, and does not wait for what the daemon waits for. */
  async runUntil(check: () => void, value: number): Promise<void> {
    await eventually(() => {
      this.#runSecond(value);
      check();
    });
  }

  /** What was waited for is over for the judge: its process may start, and a model that ended it is tried again. */
  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  /** Stops in order and starts again. */
  async restart(): Promise<void> {
    this.asset.stop();
    await this.asset.settled();
    await this.crash();
  }

  /** Starts again after an end that nobody saw coming. */
  async crash(): Promise<void> {
    await this.judge.stop();
    this.judge = this.#newJudge();
    this.asset = this.#newAsset();
    await this.asset.start();
    await this.asset.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.asset.stop();
    await this.judge.stop();
    await this.asset.settled();
    await this.#parts.disposeAsync();
  }

  #runSecond(value: number): void {
    this.#clock.advanceTo(this.#clock.monoMs() + 1000);
    this.asset.push(sampleOf(value, this.#clock.monoMs()));
    this.asset.advanceTo(this.#clock.monoMs());
  }

  #newJudge(): Judge {
    return new Judge({
      clock: { monoMs: () => performance.now() + this.#skippedMs },
      random: () => 1,
      deadlineMs: this.#deadlineMs,
      queueLengthMax: 64,
      onRestart: () => this.counters.add('child_restarts', 'judge'),
    });
  }

  #newAsset(): Asset {
    const lines = new Writable({
      write: (line, _, done) => {
        this.log.push(JSON.parse(`${line}`).msg);
        done();
      },
    });
    return new Asset({
      key: 'pump',
      config: this.#config,
      dataDir: this.dataDir,
      timeOf: { mcu: ({ monoMs }) => monoMs },
      judge: this.judge,
      clock: this.#clock,
      counters: this.counters,
      log: pino({}, lines),
      keeper: { restore: async () => [], append() {}, clear() {} },
      onIncident() {},
    });
  }
}

function sampleOf(value: number, monoMs: number): Sample {
  const values = NAMES.map(() => value);
  return { kind: 'sample', source: 'mcu', monoMs, deviceMs: undefined, names: NAMES, values };
}

function configOf(channels: AssetConfig['channels']): AssetConfig {
  const { assets } = configSchema.parse({
    site: 'plant',
    node: 'pump7',
    sources: { mcu: { link: { type: 'unix', path: '/nowhere' } } },
    assets: { pump: { channels, window: { rateHz: 1, length: '8s', step: '1s' }, learn: { for: '200s' } } },
  });
  const pump = assets['pump'];
  if (pump?.channels === undefined) throw new Error('the configuration of the test has no pump');
  return { ...pump, channels: pump.channels };
}
