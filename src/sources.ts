import type { Assets } from './assets.ts';
import type { ChannelPause } from './channel-pause.ts';
import type { Config, SourceConfig } from './config/schema.ts';
import { openDeviceCache } from './device-cache.ts';
import { readSigningKey } from './mavlink-key.ts';
import { isModbusLink, lineOf, ModbusLine, type ModbusSourceConfig } from './modbus-line.ts';
import { ModbusSource } from './modbus-source.ts';
import { SourceReader } from './source.ts';
import type { Source, SourceOptions } from './source-seam.ts';
import type { StoreKeeper } from './store-keeper.ts';
import { SysfsSource } from './sysfs-source.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { messageOf } from './system/errors.ts';
import type { GnssTime } from './system/gnss-time.ts';
import type { Logger } from './system/log.ts';
import type { TimeOfDay } from './values/time.ts';

export interface SourcesOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly gnss: GnssTime;
  readonly keeper: StoreKeeper;
  /** What looks at every sample beside the assets. */
  readonly pauses: readonly ChannelPause[];
  readonly assets: Assets;
}

/** Starts every configured source, and hands what it reads to the assets. One whose key cannot be read is not read. */
export async function startSources(options: SourcesOptions): Promise<ReadonlyMap<string, Source>> {
  const { config, clock, counters, log, keeper, pauses, assets } = options;
  const descriptorCache = openDeviceCache(config.dataDir, log);
  const sources = new Map<string, Source>();
  const lines = modbusLines(options);
  for (const [key, sourceConfig] of Object.entries(config.sources)) {
    const signingKey = await readSigningKey(key, sourceConfig, process.env['CREDENTIALS_DIRECTORY']).catch(
      (error) => messageOf(error),
    );
    if (typeof signingKey === 'string') {
      log.error({ source: key }, `source ${key} is not read: ${signingKey}`);
      continue;
    }
    const source = createSource(lines, {
      ...{
        key,
        config: sourceConfig,
        clock,
        counters,
        log,
        random: Math.random,
        descriptorCache,
        signingKey,
      },
      onSample(sample) {
        for (const pause of pauses) pause.push(sample);
        assets.push(sample);
      },
      onWaveform: (waveform) => assets.hear(waveform),
      onDevice: (device) => assets.describe(device),
      onTime: (time) => hearTime(options, time),
      onGap(detail, count) {
        log.warn({ source: key, count }, detail);
        keeper.recordMissingSamples(detail, count).catch((error) => log.error(messageOf(error)));
      },
    });
    sources.set(key, source);
  }
  for (const source of sources.values()) source.start();
  return sources;
}

/** Chooses the kind of source by what the configuration says is spoken there. */
function createSource(lines: ReadonlyMap<string, ModbusLine>, options: SourceOptions): Source {
  const { config } = options;
  const { link } = config;
  if (link.type === 'iio' || link.type === 'hwmon') return new SysfsSource({ ...options, link });
  const line = lines.get(lineOf(config));
  if (isModbus(config) && line !== undefined) return new ModbusSource({ ...options, config, line });
  return new SourceReader(options);
}

/** Sources that ask over the same link take turns on one line. */
function modbusLines({ config, clock }: SourcesOptions): ReadonlyMap<string, ModbusLine> {
  const members = new Map<string, { source: string; configs: ModbusSourceConfig[] }>();
  for (const [source, sourceConfig] of Object.entries(config.sources)) {
    if (!isModbus(sourceConfig)) continue;
    const line = lineOf(sourceConfig);
    members.set(line, members.get(line) ?? { source, configs: [] });
    members.get(line)?.configs.push(sourceConfig);
  }
  const entries = [...members].map(([line, { source, configs }]) => {
    return [line, new ModbusLine({ source, configs, clock, random: Math.random })] as const;
  });
  return new Map(entries);
}

function isModbus(config: SourceConfig): config is ModbusSourceConfig {
  return config.protocol === 'modbus' && config.modbus !== undefined && isModbusLink(config.link);
}

/** Says when the time of day became known, and when it turned out to be another. */
function hearTime({ gnss, counters, log }: SourcesOptions, time: TimeOfDay): void {
  const { source } = time;
  const hearing = gnss.hear(time);
  if (hearing.kind === 'refused') counters.add('times_refused', source);
  if (hearing.kind !== 'set' && hearing.kind !== 'moved') return;
  const at = new Date(gnss.at(time.monoMs)?.wallMs ?? time.wallMs).toISOString();
  const what =
    hearing.kind === 'set'
      ? 'tells the time of day'
      : `corrects its time of day by ${(hearing.by / 1000).toFixed(1)} s`;
  const how = hearing.rolledOver ? ', by a receiver whose count of weeks has run over' : '';
  log.warn({ source, by: hearing.by }, `source ${source} ${what}: ${at}${how}`);
}
