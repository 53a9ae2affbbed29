import { z } from 'zod';
import { DEFAULT_LANGUAGE, languages } from '../values/language.ts';
import { type BearingParts, bearing, checkBearings } from './bearing.ts';
import { duration } from './duration.ts';
import { checkModbus, type LineParts } from './modbus.ts';
import { mqtt } from './mqtt.ts';
import { channelFrom, key } from './names.ts';
import { source } from './source.ts';
import { digest, llm } from './telling.ts';
import { vehicle } from './vehicle.ts';

/**
 * The configuration: one schema. The loader, the defaults, docs/reference/configuration.md, the published JSON
 * Schema and `fieldnote init` all come from it. Unknown keys are errors.
 */

/** Rows of a window: fewer tell nothing, more would with the memory not fit a message to the judge process. */
const ROWS_MIN = 2;
const ROWS_MAX = 4500;
/** Windows that a model gets beside the one that it judges: what happened before. */
export const MEMORY_WINDOWS = 15;
/** Fewer windows one after the other show no variation between windows. */
const LEARN_WINDOWS_MIN = 4;
/** What one asset may keep in memory while it learns, with as much again for gaps: 64 MiB. */
export const LEARN_VALUES_MAX = 8 * 1024 * 1024;

const channel = z.strictObject({
  from: channelFrom.describe('Source and the name that the channel has in its data: <source>.<name>.'),
  unit: z.string().min(1).max(16).describe('Unit as it should appear in reports.'),
  name: z.string().min(1).max(48).optional().describe('Name for people; the key when absent.'),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([min, max]) => min < max, 'must be [least, greatest]')
    .readonly()
    .optional()
    .describe(
      'Least and greatest value that can be true, such as [-40, 150]; beyond is a fault of the sensor.',
    ),
});

const asset = z.strictObject({
  name: z.string().min(1).max(48).optional().describe('Name for people; the key when absent.'),
  source: z
    .string()
    .optional()
    .describe(
      'Instead of channels: watch everything that the device at this source says it measures (bridge).',
    ),
  vehicle: vehicle
    .optional()
    .describe('It flies: its phases of flight, its motors and the limits of its autopilot are watched too.'),
  channels: z
    .record(key, channel)
    .refine((channels) => Object.keys(channels).length >= 1, 'needs at least one channel')
    .refine((channels) => Object.keys(channels).length <= 64, 'has more than 64 channels: split the asset')
    .optional()
    .describe('What is measured on this asset.'),
  bearings: z
    .record(key, bearing)
    .refine((bearings) => Object.keys(bearings).length <= 16, 'has more than 16 bearings: split the asset')
    .optional()
    .describe('Rolling bearings whose vibration is heard in bursts (bridge).'),
  window: z
    .strictObject({
      rateHz: z.number().min(0.00001).max(1000).default(1).describe('Grid that all channels are aligned to.'),
      length: duration('100ms', '30d')
        .prefault('15s')
        .describe(
          `How much of the past one verdict judges; it compares with ${MEMORY_WINDOWS} times as much before it.`,
        ),
      step: duration('10ms', '1h').prefault('1s').describe('Time from one verdict to the next.'),
      hold: duration('10ms', '1h')
        .prefault('2500ms')
        .describe('How long a slower channel keeps its last value before its cells count as gaps.'),
    })
    .prefault({}),
  learn: z
    .strictObject({
      for: duration('1s', '400d')
        .prefault('10min')
        .describe(
          'How much healthy running is learned at first: at least three starts and stops, if it does that. Longer is better.',
        ),
      approve: z
        .boolean()
        .default(false)
        .describe('What was learned is used only after a person said yes: fieldnote learn --approve.'),
      sensitivity: z
        .number()
        .min(0.25)
        .max(4)
        .default(1)
        .describe(
          'Over 1 alarms at smaller deviations than what was learned suggests, and more often falsely; under 1 at larger ones.',
        ),
    })
    .prefault({}),
  incident: z
    .strictObject({
      openAfter: duration('0s', '1h').prefault('5s').describe('Score over 1 for so long opens an incident.'),
      closeBelow: z.number().min(0.1).max(1).default(0.8).describe('The score must fall below this to heal.'),
      closeAfter: duration('0s', '1d').prefault('20s').describe('Healed for so long closes the incident.'),
      mergeWithin: duration('0s', '7d')
        .prefault('5min')
        .describe('A new episode so soon after the last one reopens the same incident.'),
      updateEvery: duration('1s', '1d')
        .prefault('10min')
        .describe('An open incident is reported again after so long, if nothing else caused a revision.'),
      criticalScore: z.number().min(1).default(5).describe('Score at which an incident is critical.'),
      criticalAfter: duration('1s', '30d')
        .prefault('1h')
        .describe('A warning that lasts so long becomes critical.'),
    })
    .prefault({}),
});

/** What one key says about another. The values may be wrong in themselves: those faults are reported by their own key. */
function checkReferences(config: ReferenceParts, context: z.RefinementCtx): void {
  const { certFile, keyFile } = config.mqtt ?? {};
  if ((certFile === undefined) !== (keyFile === undefined))
    context.addIssue({
      code: 'custom',
      path: ['mqtt'],
      message: 'needs both certFile and keyFile, or neither',
    });
  checkModbus(config.sources ?? {}, (path, message, input) =>
    context.addIssue({ code: 'custom', path: ['sources', ...path], message, input }),
  );
  const sources = Object.keys(config.sources ?? {});
  for (const part of ['llm', 'mqtt'] as const) {
    const { from } = config[part]?.pause?.whileChannel ?? {};
    const path = [part, 'pause', 'whileChannel', 'from'];
    checkSource(from, sources, (message) => context.addIssue({ code: 'custom', path, message, input: from }));
  }
  for (const [key, asset] of Object.entries(config.assets ?? {})) {
    const faultAt = (path: readonly string[], message: string, input?: unknown) =>
      context.addIssue({ code: 'custom', path: ['assets', key, ...path], message, input });
    checkFeeds(asset ?? {}, sources, faultAt);
    checkChannels(asset?.channels ?? {}, sources, faultAt);
    checkLengths(asset ?? {}, faultAt);
    const channels = asset?.channels && Object.keys(asset.channels);
    checkBearings(asset?.bearings ?? {}, { sources, channels }, faultAt);
  }
}

type FaultAt = (path: readonly string[], message: string, input?: unknown) => void;

function checkFeeds(
  { source, vehicle, channels }: AssetParts,
  sources: readonly string[],
  faultAt: FaultAt,
): void {
  const isFed = vehicle === undefined ? channels !== undefined : true;
  if ((source === undefined) !== isFed)
    faultAt([], 'needs either channels, vehicle or source (a device that describes itself)');
  const flies = vehicle?.source;
  if (typeof flies === 'string' && !sources.includes(flies)) {
    const known = sources.join(', ') || 'none is configured';
    faultAt(['vehicle', 'source'], `names no source (sources: ${known})`, flies);
  }
  const isKnown = typeof source !== 'string' || sources.includes(source);
  if (!isKnown)
    faultAt(['source'], `names no source (sources: ${sources.join(', ') || 'none is configured'})`, source);
}

function checkChannels(
  channels: NonNullable<AssetParts['channels']>,
  sources: readonly string[],
  faultAt: FaultAt,
) {
  for (const [key, channel] of Object.entries(channels)) {
    const from = channel?.from;
    checkSource(from, sources, (message) => faultAt(['channels', key, 'from'], message, from));
  }
}

function checkSource(from: unknown, sources: readonly string[], faultAt: (message: string) => void): void {
  if (typeof from !== 'string' || !from.includes('.')) return;
  const known = sources.join(', ') || 'none is configured';
  if (!sources.includes(from.slice(0, from.indexOf('.')))) faultAt(`names no source (sources: ${known})`);
}

function checkLengths({ channels = {}, window, learn }: AssetParts, faultAt: FaultAt): void {
  const { length: lengthMs, rateHz } = window ?? {};
  if (typeof lengthMs !== 'number' || typeof rateHz !== 'number') return;
  const rows = windowRows({ length: lengthMs, rateHz });
  if (rows < ROWS_MIN || rows > ROWS_MAX)
    faultAt(
      ['window', 'length'],
      `with rateHz ${rateHz} makes ${rows} rows a window; ${ROWS_MIN} to ${ROWS_MAX} are allowed`,
    );
  const learnMs = learn?.for;
  if (typeof learnMs !== 'number') return;
  const values = (learnMs / 1000) * rateHz * Object.keys(channels).length;
  if (learnMs < LEARN_WINDOWS_MIN * lengthMs)
    faultAt(
      ['learn', 'for'],
      `must be at least ${LEARN_WINDOWS_MIN} times window.length (${lengthMs / 1000} s)`,
    );
  if (values > LEARN_VALUES_MAX)
    faultAt(
      ['learn', 'for'],
      `with rateHz ${rateHz} makes ${values} values to keep; ${LEARN_VALUES_MAX} are allowed`,
    );
}

interface ReferenceParts {
  readonly mqtt?: (Pausing & { readonly certFile?: unknown; readonly keyFile?: unknown }) | undefined;
  readonly sources?: Record<string, LineParts | undefined>;
  readonly assets?: Record<string, AssetParts | undefined>;
  readonly llm?: Pausing | undefined;
}

interface Pausing {
  readonly pause?: { readonly whileChannel?: { readonly from?: unknown } | undefined } | undefined;
}

interface AssetParts {
  readonly source?: unknown;
  readonly vehicle?: { readonly source?: unknown } | undefined;
  readonly channels?: Record<string, { from?: unknown } | undefined> | undefined;
  readonly bearings?: BearingParts | undefined;
  readonly window?: { length?: unknown; rateHz?: unknown };
  readonly learn?: { for?: unknown };
}

export const configSchema = z
  .strictObject({
    site: key.describe('Site, the second level of every topic.'),
    node: key.describe('This device, the third level of every topic.'),
    dataDir: z
      .string()
      .startsWith('/')
      .default('/var/lib/fieldnote')
      .describe('Everything durable lives here.'),
    logLevel: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('Least level that is logged.'),
    sources: z.record(key, source).describe('Where data comes from.'),
    assets: z.record(key, asset).describe('What is watched.'),
    mqtt: mqtt.optional().describe('Broker for the reports; without it they wait in the store.'),
    digest: digest.describe('Summaries of what happened over a stretch of time.'),
    report: z
      .strictObject({
        language: z
          .enum(languages)
          .default(DEFAULT_LANGUAGE)
          .describe('In which reports are told; digests and answers are English.'),
      })
      .prefault({}),
    llm: llm
      .optional()
      .describe(
        'Language model that tells reports in its own words; without it they keep the text of their template.',
      ),
    store: z
      .strictObject({
        sizeMaxMiB: z.int().min(4).max(65_536).default(256).describe('Hard limit of the database file.'),
      })
      .prefault({}),
  })
  // Runs even when other keys are wrong, so that a person sees every fault at once.
  .superRefine(checkReferences, { when: () => true });

export type Config = z.output<typeof configSchema>;
export type SourceConfig = Config['sources'][string];
export type LinkConfig = SourceConfig['link'];
/** An asset as it is configured; its channels may be known only when its device has described itself. */
export type ConfiguredAsset = Config['assets'][string];
export type ChannelConfig = NonNullable<ConfiguredAsset['channels']>[string];
/** An asset whose channels are known. */
export type AssetConfig = Omit<ConfiguredAsset, 'channels' | 'source'> & {
  readonly channels: Readonly<Record<string, ChannelConfig>>;
};
export type WindowConfig = AssetConfig['window'];
export type IncidentConfig = AssetConfig['incident'];
export type LlmConfig = NonNullable<Config['llm']>;
export type MqttConfig = NonNullable<Config['mqtt']>;

/** Rows of one window of an asset, as configured by length and rate. */
export function windowRows({ length, rateHz }: Pick<WindowConfig, 'length' | 'rateHz'>): number {
  return Math.round((length / 1000) * rateHz);
}
