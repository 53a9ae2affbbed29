import { Asset, type AssetHealth, type AssetOptions } from './asset.ts';
import { type BearingHealth, BearingWatch } from './bearing-watch.ts';
import type { AssetConfig, ChannelConfig, Config, ConfiguredAsset } from './config/schema.ts';
import { FlightWatch } from './flight-watch.ts';
import type { IncidentState } from './incident/machine.ts';
import type { StoredStates } from './incidents.ts';
import { modelsFolder } from './models/active.ts';
import { LearningNotes } from './models/learning-note.ts';
import { openSampleHistory } from './sample-history.ts';
import { liveTime } from './sample-time.ts';
import { openSensorProfiles } from './sensor-profiles.ts';
import type { StoreKeeper } from './store-keeper.ts';
import { messageOf } from './system/errors.ts';
import type { Device, DeviceChannel, Waveform } from './values/device.ts';
import type { DigestFlight } from './values/digest.ts';
import type { FlightPhase } from './values/flight-phase.ts';
import type { Incident, IncidentEvent } from './values/incident.ts';
import type { Period } from './values/period.ts';
import type { Sample } from './values/sample.ts';
import type { Verdict } from './values/verdict.ts';
import { UnmatchedValues } from './window/unmatched.ts';

type SharedAssetOptions = Pick<AssetOptions, 'judge' | 'clock' | 'counters' | 'log'>;

export interface AssetsOptions extends SharedAssetOptions {
  readonly config: Config;
  readonly keeper: StoreKeeper;
  /** States of the incidents of all assets, always as of the last report. */
  readonly states: StoredStates;
  readonly onIncident: (asset: AssetConfig, event: IncidentEvent, state: IncidentState) => void;
  /** Each verdict about a machine, and how far they are apart. */
  readonly onVerdict?: (verdict: Verdict, stepMs: number) => void;
  /** A vehicle has landed, or is not heard of any more. */
  readonly onFlight?: (flight: DigestFlight, period: Period) => void;
}

interface Running {
  readonly asset: Asset;
  readonly config: AssetConfig;
  readonly bearings: ReadonlyMap<string, BearingWatch>;
  readonly flight: FlightWatch | undefined;
}

interface RunningHealth extends AssetHealth {
  readonly bearings?: Record<string, BearingHealth>;
  /** Phase of flight of a vehicle. */
  readonly flight?: FlightPhase;
}

/** How one asset is now. */
export interface RunningAsset {
  readonly key: string;
  readonly config: AssetConfig;
  readonly health: AssetHealth;
  readonly openIncidents: readonly Incident[];
}

/** Everything that is watched: assets whose channels are configured, and those that a device brings with it. */
export class Assets {
  readonly #options: AssetsOptions;
  readonly #timeOf: AssetOptions['timeOf'];
  readonly #deviceClocks: readonly string[];
  readonly #running = new Map<string, Running>();
  readonly #vehicleSources: ReadonlySet<string>;
  #unmatched: UnmatchedValues;

  static async start(options: AssetsOptions): Promise<Assets> {
    const assets = new Assets(options);
    for (const [key, { channels, ...asset }] of Object.entries(options.config.assets))
      if (channels !== undefined) await assets.#begin(key, { ...asset, channels });
    return assets;
  }

  private constructor(options: AssetsOptions) {
    const sources = Object.entries(options.config.sources);
    this.#options = options;
    const vehicles = Object.values(options.config.assets).flatMap(({ vehicle }) => vehicle?.source ?? []);
    this.#vehicleSources = new Set(vehicles);
    this.#unmatched = this.#unmatchedBeside({});
    this.#deviceClocks = sources.filter(([, { time }]) => time === 'device').map(([key]) => key);
    this.#timeOf = Object.fromEntries(sources.map(([key, { time }]) => [key, liveTime(time)]));
  }

  push(sample: Sample): void {
    // A vehicle tells more than is learned of it.
    const isOfVehicle = this.#vehicleSources.has(sample.source);
    const unmatchedCount = isOfVehicle ? 0 : this.#unmatched.countIn(sample);
    if (unmatchedCount > 0) this.#options.counters.add('samples_unmatched', sample.source, unmatchedCount);
    for (const { asset, flight } of this.#running.values()) (flight ?? asset).push(sample);
  }

  hear(waveform: Waveform): void {
    for (const { bearings } of this.#running.values())
      for (const bearing of bearings.values()) bearing.hear(waveform);
  }

  /** A device said what it measures: the assets that watch all of it can begin. */
  describe(device: Device): void {
    for (const [key, configured] of Object.entries(this.#options.config.assets)) {
      if (configured.source !== device.source) continue;
      const config = { ...configured, channels: channelsOf(device) };
      this.#beginDescribed(key, config).catch((error) =>
        this.#options.log.error({ asset: key }, messageOf(error)),
      );
    }
  }

  advanceTo(timeMs: number): void {
    for (const { asset, flight } of this.#running.values()) {
      asset.advanceTo(timeMs);
      flight?.advanceTo(timeMs);
    }
  }

  get health(): Record<string, RunningHealth> {
    const entries = [...this.#running].map(([key, { asset, bearings, flight }]) => {
      const heard = [...bearings].map(([name, bearing]) => [name, bearing.health]);
      const listened = heard.length > 0 && { bearings: Object.fromEntries(heard) };
      return [key, { ...asset.health, ...listened, ...(flight && { flight: flight.phase }) }];
    });
    return Object.fromEntries(entries);
  }

  /** Those that run now: an asset whose device has not described itself yet does not. */
  get running(): readonly RunningAsset[] {
    return [...this.#running].map(([key, { asset, config }]) => {
      return { key, config, health: asset.health, openIncidents: asset.incidents.open };
    });
  }

  /** Ends the watching; resolves when every window so far has its verdict. */
  async stop(): Promise<void> {
    const watches = [...this.#running.values()].flatMap(({ asset, bearings }) => [
      asset,
      ...bearings.values(),
    ]);
    for (const watch of watches) watch.stop();
    await Promise.all(watches.map((watch) => watch.settled()));
  }

  async #beginDescribed(key: string, config: AssetConfig): Promise<void> {
    const { log } = this.#options;
    const names = Object.keys(config.channels);
    if (names.length === 0) {
      log.error({ asset: key }, `the device of ${key} measures nothing that can be watched`);
      return;
    }
    const before = this.#running.get(key);
    if (before !== undefined) {
      if (JSON.stringify(before.config.channels) === JSON.stringify(config.channels)) return;
      log.warn({ asset: key }, `the device of ${key} measures something else now: ${names.join(', ')}`);
      for (const watch of [before.asset, ...before.bearings.values()]) watch.stop();
    }
    await this.#begin(key, config);
  }

  async #begin(key: string, config: AssetConfig): Promise<void> {
    const { onIncident, onVerdict, ...shared } = this.#options;
    const { dataDir } = shared.config;
    const channels = Object.keys(config.channels);
    const stepMs = 1000 / config.window.rateHz;
    const history = await openSampleHistory({ ...shared, dataDir, asset: key, channels, stepMs });
    const asset = new Asset({
      ...shared,
      key,
      config,
      dataDir,
      history,
      timeOf: this.#timeOf,
      sensors: await openSensorProfiles(dataDir, key, shared.log),
      deviceClocks: this.#deviceClocks,
      keeper: this.#keeperOf(key, channels),
      onIncident(event, state) {
        if (event.event === 'opened') history.opened();
        onIncident(config, event, state);
      },
      onVerdict: (verdict) => onVerdict?.(verdict, config.window.step),
    });
    const bearings = this.#bearingsOf(key, config, asset);
    this.#running.set(key, { asset, config, bearings, flight: this.#flightOf(key, config, asset) });
    const configs = [...this.#running].map(([name, running]) => [name, running.config]);
    this.#unmatched = this.#unmatchedBeside(Object.fromEntries(configs));
    await asset.start();
    for (const bearing of bearings.values())
      bearing.start().catch((error) => this.#options.log.error({ asset: key }, messageOf(error)));
  }

  #flightOf(key: string, config: AssetConfig, asset: Asset): FlightWatch | undefined {
    const { vehicle, name = key } = config;
    const timeOf = this.#timeOf[vehicle?.source ?? ''];
    if (vehicle === undefined || timeOf === undefined) return undefined;
    const flies = {
      asset: { key, name },
      config: vehicle,
      timeOf,
      incidents: asset.incidents,
      watched: asset,
    };
    return new FlightWatch({ ...this.#options, ...flies });
  }

  #unmatchedBeside(assets: Readonly<Record<string, AssetConfig>>): UnmatchedValues {
    const { llm, mqtt } = this.#options.config;
    const pauses = [llm?.pause.whileChannel, mqtt?.pause?.whileChannel];
    return new UnmatchedValues(
      assets,
      pauses.flatMap((pause) => pause?.from ?? []),
    );
  }

  #bearingsOf(key: string, config: AssetConfig, asset: Asset): Map<string, BearingWatch> {
    const latest = (channel: string) => {
      const unit = config.channels[channel]?.unit;
      return unit === undefined ? null : { value: asset.health.latest[channel] ?? null, unit };
    };
    const watches = Object.entries(config.bearings ?? {}).map(([name, bearing]) => {
      const options = { ...this.#options, asset: key, key: name, config: bearing, settings: config.incident };
      return [name, new BearingWatch({ ...options, incidents: asset.incidents, latest })] as const;
    });
    return new Map(watches);
  }

  /** Where the learning of an asset survives a restart: its rows in the store, and a note for people. */
  #keeperOf(asset: string, channels: readonly string[]): AssetOptions['keeper'] {
    const { keeper, clock, config } = this.#options;
    const notes = new LearningNotes({ folder: modelsFolder(config.dataDir, asset), clock });
    return {
      restore: () => keeper.learningRows({ asset, channels }),
      append(rows, learned) {
        keeper.appendLearning({ asset, channels }, rows);
        notes.learned(learned);
      },
      clear(rejected) {
        keeper.clearLearning(asset);
        if (rejected === undefined) notes.end();
        else notes.rejected(rejected);
      },
      settled: () => notes.settled(),
    };
  }
}

/** The values of a device as channels of an asset. Counters and states have no normal level that could be learned. */
function channelsOf({ source, channels }: Device): Record<string, ChannelConfig> {
  const watched = channels.filter(({ isWaveform, quantity }) => !isWaveform && quantity === 'value');
  const fieldOf = ({ name }: DeviceChannel) => name.slice(name.indexOf('.') + 1);
  const isUnique = (field: string) => watched.filter((channel) => fieldOf(channel) === field).length === 1;
  const entries = watched.map((channel) => {
    const key = isUnique(fieldOf(channel)) ? fieldOf(channel) : channel.name;
    const name = key.replaceAll(/[._]/g, ' ');
    const { unit, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = channel;
    const range = [min, max] as const;
    return [key, { from: `${source}.${channel.name}`, unit, name, range }] as const;
  });
  return Object.fromEntries(entries);
}

/** The configuration of an asset whose channels are configured; undefined when a device brings them. */
export function withChannels({ channels, ...asset }: ConfiguredAsset): AssetConfig | undefined {
  return channels && { ...asset, channels };
}
