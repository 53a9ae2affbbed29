import { startAsking } from './asking.ts';
import { Assets } from './assets.ts';
import { takeReceipts } from './carried-receipts.ts';
import { ChannelPause } from './channel-pause.ts';
import type { Config, MqttConfig } from './config/schema.ts';
import { Digests } from './digests.ts';
import { type HealthParts, healthOf, statusLineOf } from './health.ts';
import { Judge } from './judge/judge.ts';
import { Mirroring } from './mirroring.ts';
import type { Publisher } from './publish/publisher.ts';
import type { Secrets } from './publish/secrets.ts';
import { createPublisher } from './publishing.ts';
import { ReleaseNews } from './release.ts';
import { acceptReport, acceptText, makeReport, type ReportingParts } from './reporting.ts';
import type { Source } from './source-seam.ts';
import { startSources } from './sources.ts';
import type { GapRow } from './store/gaps.ts';
import { StoreKeeper } from './store-keeper.ts';
import { BUILD_FLOOR_MS, type Clock, systemClock } from './system/clock.ts';
import { Counters } from './system/counters.ts';
import { messageOf } from './system/errors.ts';
import { GnssTime } from './system/gnss-time.ts';
import type { Logger } from './system/log.ts';
import type { VitalSign } from './system/pulse.ts';
import type { StrainLimits } from './system/strain.ts';
import { agentVersion } from './system/version.ts';
import type { Releases } from './update/releases.ts';
import { startUpdates } from './updates.ts';
import type { Lane } from './values/lane.ts';
import { createWriter, readUnwritten } from './writing.ts';

/** How often silent channels get their gaps. */
const TICK_MS = 1000;
const STATUS_INTERVAL_MS = 60_000;
/** The store keeps more of them than one message should hold: of reports, and of samples. */
const GAPS_SHOWN_MAX = 50;
const SAMPLE_GAPS_SHOWN_MAX = 10;
/** For one window. The largest model that makes sense here takes a tenth of that on a Pi 4. */
const JUDGE_DEADLINE_MS = 2000;
/** Windows that wait for the judge, over all assets. */
const JUDGE_QUEUE_LENGTH_MAX = 64;

export interface AgentOptions {
  readonly config: Config;
  /** Of the configuration file. */
  readonly configSha256: string;
  readonly secrets: () => Promise<Secrets>;
  /** Content of /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  /** Tells this device from others; `deviceIdOf` reads it. */
  readonly deviceId?: string | undefined;
  /** Why work that can wait should wait now; `strainOf` asks the kernel. */
  readonly strain: (limits: StrainLimits) => string | undefined;
  /** What came of the updates of this device. */
  readonly releases: Pick<Releases, 'state'>;
  readonly log: Logger;
  /** Hears every minute in one line how everything is. */
  readonly onStatus?: (line: string) => void;
}

export interface RunningAgent {
  /** What must not stand still: every source, the store and the judge. */
  readonly vitalSigns: readonly VitalSign[];
  /** Ends everything in order: no more samples, then verdicts, then reports, then the store. */
  stop(): Promise<void>;
}

/** What the steps share. */
interface Parts extends AgentOptions, ReportingParts {
  readonly clock: Clock;
  readonly gnss: GnssTime;
  readonly judge: Judge;
  readonly pauses: readonly ChannelPause[];
  /** Begins when the assets and sources are there that it shows. */
  mirroring?: Mirroring;
}

/**
 * The whole way of a sample, wired. Each step is a folder of its own:
 *
 *   link → decode               startSources: one Source each, mostly a SourceReader
 *   window → judge → incident   Assets, with one Asset for each machine that is watched
 *   report → store → publish    acceptReport, StoreKeeper, Publisher; the Writer's text follows as acceptText
 *   beside it                   Digests, of what the store remembers
 *
 * @throws FieldnoteError STORE_LOCKED or STORE_NEWER when another or a newer Fieldnote owns the store
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { config, log, bootId, deviceId } = options;
  const { site, node, mqtt, dataDir } = config;
  const counters = new Counters();
  // The clock stamps with the boot number, which the store counts; it stays the same while the store is opened again.
  let keeper: StoreKeeper | undefined;
  let boot = 0;
  const countBoot = () => {
    boot = keeper?.store?.boot ?? boot;
    return boot;
  };
  const gnss = new GnssTime(BUILD_FLOOR_MS);
  const clock = systemClock(countBoot, { gnss: (monoMs) => gnss.at(monoMs) });
  const settings = { dataDir, sizeMaxMiB: config.store.sizeMaxMiB, bootId, deviceId };
  const nudge = (lane?: Lane) => publisher?.nudge(lane);
  keeper = await StoreKeeper.start({ settings, clock, counters, log, onAccepted: nudge });
  const digests = new Digests({ ...options, clock, keeper, counters, onStored: nudge });
  const { quiet, hold, pauses } = pausesOf(config, nudge);
  const isQuiet = () => quiet?.isOver(clock.monoMs()) ?? false;
  const publisher =
    mqtt &&
    createPublisher({ isQuiet, ...options, config: mqtt, site, node, keeper, digests, clock, counters });
  publisher?.publishStatus({ agent: agentVersion, config: options.configSha256 });
  publisher?.start();
  const judge = createJudge(clock, counters, log);
  const states = await readStates(keeper, log);
  const writer =
    config.llm &&
    createWriter({
      ...{ config: config.llm, clock, counters, log, strain: options.strain, hold },
      accept: (report) => acceptText(parts, report),
      keepTemplate: (report) => keeper.dropUnwritten(report),
    });
  const parts: Parts = { ...options, counters, clock, gnss, keeper, judge, writer, pauses, states };
  const assets = await Assets.start({
    ...parts,
    onIncident: (asset, event, state) => acceptReport(parts, asset, event, state),
    onVerdict: (verdict, stepMs) => digests.saw(verdict, stepMs),
    onFlight: (flight, period) => logged(log, digests.make({ occasion: 'flight', period, flight })),
  });
  for (const report of readUnwritten(await keeper.unwritten())) writer?.add(report);
  const sources = await startSources({ ...parts, assets });
  if (mqtt) parts.mirroring = await startMirroring(parts, mqtt, { assets, sources });
  const updates = mqtt && startUpdates({ ...parts, mqtt, isQuiet });
  const telling = startTelling(parts, { publisher, assets, sources });
  digests.start();
  const tick = setInterval(() => assets.advanceTo(clock.monoMs()), TICK_MS);
  const asking = startAsking({ dataDir, clock, log, recall: (period) => digests.recall(period) });

  return {
    vitalSigns: vitalSignsOf(parts, sources),
    async stop() {
      clearInterval(tick);
      telling.stop();
      asking.stop();
      await Promise.all([updates?.stop(), ...[...sources.values()].map((source) => source.stop())]);
      await assets.stop();
      await judge.stop();
      await writer?.stop();
      await digests.stop();
      await publisher?.stop();
      await parts.mirroring?.stop();
      await telling.sayStatus();
      await keeper.close();
    },
  };
}

/** Channels that keep the publisher quiet and the language model from writing. */
function pausesOf({ mqtt, llm }: Config, onQuietEnd: () => void) {
  const quiet = mqtt?.pause?.whileChannel && new ChannelPause(mqtt.pause.whileChannel, onQuietEnd);
  const hold = llm?.pause.whileChannel && new ChannelPause(llm.pause.whileChannel);
  return { quiet, hold, pauses: [hold, quiet].filter((pause) => pause !== undefined) };
}

interface Told {
  readonly publisher: Publisher | undefined;
  readonly assets: Assets;
  readonly sources: ReadonlyMap<string, Source>;
}

/** Says again and again how everything is: to the broker, to the mirrors, and to the log. */
function startTelling(parts: Parts, { publisher, assets, sources }: Told) {
  const { config, clock, counters, keeper, writer, log } = parts;
  const releases = new ReleaseNews(parts.releases, log);
  const health: HealthParts = { clock, counters, assets, sources, keeper, writer, releases };
  const sayStatus = async () => {
    const line = statusLineOf(await healthOf(health), counters);
    log.info(line);
    parts.onStatus?.(line);
  };
  const tell = async () => {
    publisher?.publishHealth(await healthOf(health));
    publisher?.publishGap({ epoch: keeper.store?.epoch, gaps: shownOf(await keeper.gaps()) });
    parts.mirroring?.update();
  };
  const everyMinute = () => {
    // What held it up may have fallen silent.
    publisher?.nudge();
    logged(log, takeReceipts(config.dataDir, parts));
    logged(log, keeper.recordSyncPoint().then(sayStatus));
  };
  const timers = [
    setInterval(() => logged(log, tell()), config.mqtt?.healthInterval ?? STATUS_INTERVAL_MS),
    setInterval(everyMinute, STATUS_INTERVAL_MS),
  ];
  logged(log, tell());
  logged(log, takeReceipts(config.dataDir, parts));
  return {
    sayStatus,
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** The newest, in their order. Those of samples, which a bad cable makes by the minute, leave room for the others. */
function shownOf(gaps: readonly GapRow[]): GapRow[] {
  const ofSamples = gaps.filter(({ reason }) => reason === 'samples').slice(-SAMPLE_GAPS_SHOWN_MAX);
  const others = gaps.filter(({ reason }) => reason !== 'samples').slice(-GAPS_SHOWN_MAX);
  return [...ofSamples, ...others].sort((a, b) => a.id - b.id);
}

async function readStates(keeper: StoreKeeper, log: Logger): Promise<Map<string, unknown>> {
  try {
    return new Map(await keeper.incidentStates());
  } catch (error) {
    log.error(`cannot read the incidents of before: ${messageOf(error)}; beginning without`);
    return new Map();
  }
}

/** A disk that refuses is no death, a thread that never answers is; so it is with a device that is away and its reader. */
function vitalSignsOf({ keeper, judge }: Parts, sources: Told['sources']): VitalSign[] {
  const answered = () => undefined;
  return [
    { name: 'the store', ask: async () => keeper.store?.totals().then(answered, answered) },
    { name: 'the judge', ask: async () => judge.stuck },
    ...[...sources].map(([key, source]) => ({ name: `source ${key}`, ask: async () => source.stuck })),
  ];
}

function createJudge(clock: Clock, counters: Counters, log: Logger): Judge {
  return new Judge({
    clock,
    random: Math.random,
    deadlineMs: JUDGE_DEADLINE_MS,
    queueLengthMax: JUDGE_QUEUE_LENGTH_MAX,
    onRestart(reason) {
      counters.add('child_restarts', 'judge');
      log.error({ code: reason.code }, `${reason.message}; starting it again`);
    },
  });
}

function startMirroring(
  parts: Parts,
  mqtt: MqttConfig,
  shown: { assets: Assets; sources: ReadonlyMap<string, Source> },
): Promise<Mirroring> {
  return Mirroring.start({
    ...{ ...parts, ...shown, mqtt },
    textOf: ({ key, config }, incident) =>
      makeReport(parts, { key, ...config }, { event: 'updated', incident }).text,
  });
}

function logged(log: Logger, work: Promise<unknown>): void {
  work.catch((error) => log.error(messageOf(error)));
}
