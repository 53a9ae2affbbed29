import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { type AssetConfig, LEARN_VALUES_MAX, type SourceConfig } from './config/schema.ts';
import { AssetIncidents } from './incidents.ts';
import { LearningPeriod } from './learning.ts';
import { readRecording } from './recording.ts';
import { recordedTime } from './sample-time.ts';
import { type Clock, recordingClock } from './system/clock.ts';
import { Counters } from './system/counters.ts';
import { FieldnoteError } from './system/errors.ts';
import type { IncidentEvent } from './values/incident.ts';
import { AssetWatch } from './watch.ts';

export interface LearnRecordingOptions {
  readonly recording: string;
  readonly asset: string;
  readonly config: AssetConfig;
  /** Key of the source whose place the recording takes. */
  readonly source: string;
  readonly protocol: SourceConfig['protocol'];
  /** System id of the vehicle, where several were recorded. */
  readonly vehicle?: number | undefined;
  /** The package is written below it; nothing is read from it. */
  readonly dataDir: string;
  /** Says when the model was made. */
  readonly clock: Clock;
  readonly onRead: (sizeBytes: number) => void;
}

export interface LearnedRecording {
  /** Folder of the package. */
  readonly directory: string;
  /** Time of healthy running that it was learned from. */
  readonly learnedMs: number;
  /** Channels that were left out for a time, with what was wrong with their sensors. */
  readonly sensorFaults: ReadonlyMap<string, string>;
}

/** Names of channels that a message tells. */
const NAMES_MAX = 32;
/** Verdicts are not asked for: there is no model yet. */
const NO_JUDGE: ConstructorParameters<typeof AssetWatch>[0]['judge'] = {
  judge: async ({ asset, endMs }) => ({ kind: 'not-judged', asset, endMs, reason: 'learning' }),
};
/** The daemon learns the sensors from what they say now. */
const NO_SENSORS = { keep: async () => {} };

/**
 * Learns the normal of an asset from a recording, through the same link, decode, window and learn code as the daemon.
 * All of the recording is learned, not only the first `learn.for`: who chose it knows that it is healthy.
 * @throws FieldnoteError RECORDING_UNREADABLE; LEARN_UNSTEADY when it is shorter than `learn.for` or makes no model,
 * saying why
 */
export async function learnRecording(options: LearnRecordingOptions): Promise<LearnedRecording> {
  const { recording: path, asset, config, source, protocol, vehicle, dataDir, onRead } = options;
  const clock = recordingClock();
  const counters = new Counters();
  const names = new Set<string>();
  const longestMs = (LEARN_VALUES_MAX / Object.keys(config.channels).length / config.window.rateHz) * 1000;
  const period = new LearningPeriod({
    ...{ asset, dataDir, clock: options.clock, restored: [], recording: basename(path) },
    config: { ...config, learn: { ...config.learn, for: longestMs, approve: false } },
    keeper: { append() {}, clear() {}, settled: async () => {} },
  });
  const sensorFaults = new Map<string, string>();
  const onIncident = ({ incident: { subject, fault } }: IncidentEvent) => {
    if (subject !== undefined && fault !== undefined) sensorFaults.set(subject, fault.fault);
  };
  const watch = watchOf({ ...options, clock, counters, onIncident });
  watch.learnFrom(period);
  await readRecording({
    ...{ path, source, protocol, vehicle, clock, onRead },
    take(decoded) {
      for (const item of decoded) {
        if (item.kind === 'noise') counters.add(`noise_${item.reason}`, source);
        if (item.kind !== 'sample') continue;
        counters.add('samples_read', source);
        for (const name of item.names) if (names.size < NAMES_MAX) names.add(`${source}.${name}`);
        clock.advanceTo(recordedTime(item));
        watch.push(item);
      }
    },
  });
  // The last cell is complete when the next one begins.
  watch.advanceTo(clock.monoMs() + config.window.hold + 1000 / config.window.rateHz);
  const learnedMs = Math.round(period.progress * longestMs);
  if (learnedMs < config.learn.for) throw tooShort(options, { learnedMs, names });
  const { directory } = await period.finish();
  return { directory, learnedMs, sensorFaults };
}

interface WatchOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly onIncident: (event: IncidentEvent) => void;
}

function watchOf(
  options: Pick<LearnRecordingOptions, 'asset' | 'config' | 'source'> & WatchOptions,
): AssetWatch {
  const { asset, config, source, clock, counters, onIncident } = options;
  const incidents = new AssetIncidents({
    ...{ asset, clock, settings: config.incident, stored: new Map(), newId: randomUUID, onIncident },
    onUnreadable() {},
  });
  return new AssetWatch({
    ...{ key: asset, config, clock, counters, incidents, judge: NO_JUDGE, sensors: NO_SENSORS },
    timeOf: { [source]: recordedTime },
    on: { learned() {}, verdict() {} },
  });
}

function tooShort(
  { recording: path, asset, config: { channels, learn } }: LearnRecordingOptions,
  { learnedMs, names }: { learnedMs: number; names: ReadonlySet<string> },
): FieldnoteError {
  const wanted = Object.values(channels).map(({ from }) => from);
  const isForeign = !wanted.some((from) => names.has(from));
  const message = isForeign
    ? `${path} holds no channel of ${asset}: it has ${[...names].join(', ') || 'no samples'}, wanted are ${wanted.join(', ')}; correct the "from" of the channels or choose the --source`
    : `${path} shows ${asset} for ${(learnedMs / 1000).toFixed(0)} s, learn.for asks for ${learn.for / 1000} s: give a longer recording, or lower learn.for`;
  return new FieldnoteError('LEARN_UNSTEADY', message, { path, learnedMs });
}
