import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Asset } from './asset.ts';
import { withChannels } from './assets.ts';
import type { AssetConfig, Config } from './config/schema.ts';
import { FlightWatch } from './flight-watch.ts';
import type { IncidentState } from './incident/machine.ts';
import { Judge } from './judge/judge.ts';
import { activateModel, installModel } from './models/active.ts';
import { readRecording } from './recording.ts';
import { recordedTime } from './sample-time.ts';
import { type Clock, recordingClock, systemClock } from './system/clock.ts';
import { Counters } from './system/counters.ts';
import { FieldnoteError } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { DigestFlight } from './values/digest.ts';
import type { IncidentEvent } from './values/incident.ts';
import type { Decoded, Sample } from './values/sample.ts';
import type { Verdict } from './values/verdict.ts';

const JUDGE_DEADLINE_MS = 10_000;

export interface ReplayOptions {
  readonly config: Config;
  /** Key of the source whose place the recording takes. */
  readonly source: string;
  readonly recording: string;
  /** How many times faster than it was recorded; infinite for as fast as it goes. */
  readonly speed: number;
  readonly log: Logger;
  /** Folder of the model package that judges an asset, by its key; the other assets learn theirs from the recording. */
  readonly models?: Readonly<Record<string, string>>;
  readonly on: {
    /** Each sample, by its time, before it is judged. */
    sample?(timeMs: number): void;
    incident?(event: IncidentEvent): void;
    verdict?(verdict: Verdict, state: IncidentState): void;
    /** A vehicle has landed. */
    flight?(flight: DigestFlight): void;
    /** Share of the learning of an asset that is done. */
    learning?(asset: string, share: number): void;
  };
}

export interface ReplayResult {
  readonly counters: Counters;
  /** Recorded time that was replayed. */
  readonly durationMs: number;
}

/**
 * Sends a recording through link, decode, window, learn, judge and incident, the same code as live, on the time of
 * the recording. Every window gets its verdict before the next sample is read. Neither the store nor the broker is
 * touched; what is learned is forgotten afterwards.
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fieldnote-replay-'));
  const counters = new Counters();
  const judge = new Judge({
    clock: systemClock(() => 0),
    random: Math.random,
    deadlineMs: JUDGE_DEADLINE_MS,
    queueLengthMax: 64,
    onRestart: (reason) => options.log.error(reason.message),
  });
  try {
    return await play({ ...options, dataDir, counters, judge });
  } finally {
    await judge.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Stage extends ReplayOptions {
  readonly dataDir: string;
  readonly counters: Counters;
  readonly judge: Judge;
}

async function play(stage: Stage): Promise<ReplayResult> {
  const { config, source, counters, speed, on } = stage;
  const clock = recordingClock();
  const assets = await startAssets(stage, clock);
  const { protocol = 'text', mavlink } = config.sources[source] ?? {};
  const pace = pacer(speed);
  let firstMs: number | undefined;
  const take = async (sample: Sample) => {
    const timeMs = recordedTime(sample);
    firstMs ??= timeMs;
    on.sample?.(timeMs);
    await pace(timeMs - firstMs);
    clock.advanceTo(timeMs);
    for (const [key, { asset, flight }] of assets) {
      (flight ?? asset).push(sample);
      await asset.settled();
      if (asset.health.learned !== undefined) on.learning?.(key, asset.health.learned);
    }
  };
  const takeAll = async (decoded: readonly Decoded[]) => {
    for (const item of decoded) {
      if (item.kind === 'sample') counters.add('samples_read', source);
      if (item.kind === 'noise') counters.add(`noise_${item.reason}`, source);
      if (item.kind === 'sample') await take(item);
    }
  };
  await readRecording({
    ...{ path: stage.recording, source, protocol, clock, take: takeAll },
    vehicle: mavlink?.system,
  });
  return { counters, durationMs: clock.monoMs() - (firstMs ?? 0) };
}

async function startAssets(stage: Stage, clock: ReturnType<typeof recordingClock>) {
  const { config, source, log, on, dataDir, models = {} } = stage;
  const keeper = { restore: async () => [], append() {}, clear() {}, settled: async () => {} };
  const assets = new Map<string, { readonly asset: Asset; readonly flight: FlightWatch | undefined }>();
  for (const [key, configured] of Object.entries(config.assets)) {
    // Nobody is asked for a yes here: what was learned is forgotten afterwards.
    const asset = withChannels({ ...configured, learn: { ...configured.learn, approve: false } });
    if (asset === undefined) continue;
    const isFed = Object.values(asset.channels).some(({ from }) => from.startsWith(`${source}.`));
    if (!isFed) continue;
    const started = new Asset({
      ...stage,
      key,
      config: asset,
      timeOf: { [source]: recordedTime },
      clock,
      log: log.child({}, { level: 'error' }),
      keeper,
      sensors: { keep: async () => {} },
      onIncident: (event) => on.incident?.(event),
      onVerdict: (verdict, state) => on.verdict?.(verdict, state),
    });
    const folder = models[key];
    if (folder !== undefined) await activateModel(dataDir, key, await installModel(dataDir, key, folder));
    await started.start();
    assets.set(key, {
      asset: started,
      flight: flightOf(stage, { key, config: asset, clock, asset: started }),
    });
  }
  return assets;
}

interface Flown {
  readonly key: string;
  readonly config: AssetConfig;
  readonly clock: Clock;
  readonly asset: Asset;
}

function flightOf({ log, on }: Stage, { key, config, clock, asset }: Flown): FlightWatch | undefined {
  const { vehicle, name = key } = config;
  return (
    vehicle &&
    new FlightWatch({
      ...{ asset: { key, name }, config: vehicle, timeOf: recordedTime, clock },
      log: log.child({}, { level: 'error' }),
      ...{ incidents: asset.incidents, watched: asset },
      onFlight: (flight) => on.flight?.(flight),
    })
  );
}

/** Waits until so much recorded time may have passed. */
function pacer(speed: number): (elapsedMs: number) => Promise<void> {
  const startedMs = performance.now();
  return async (elapsedMs) => {
    const aheadMs = elapsedMs / speed - (performance.now() - startedMs);
    if (aheadMs >= 1) await sleep(aheadMs);
  };
}

/** The source that a recording stands in for: the named one, or the only one there is. */
export function replayedSource(config: Config, name: string | undefined): string {
  const known = Object.keys(config.sources);
  const source = name ?? (known.length === 1 ? known[0] : undefined);
  if (source !== undefined && known.includes(source)) return source;
  const which =
    name === undefined ? 'name the source that it was recorded from' : `there is no source ${name}`;
  throw new FieldnoteError('BAD_ARGUMENT', `${which}: --source ${known.join(' | ')}`, { known });
}
