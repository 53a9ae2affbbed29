import type { Assets } from './assets.ts';
import type { ChannelPause } from './channel-pause.ts';
import type { Config } from './config/schema.ts';
import { openDeviceCache } from './device-cache.ts';
import { SourceReader } from './source.ts';
import type { Source, SourceOptions } from './source-seam.ts';
import type { StoreKeeper } from './store-keeper.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';

export interface SourcesOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly keeper: StoreKeeper;
  readonly hold: ChannelPause | undefined;
  readonly assets: Assets;
}

/** Starts every configured source, and hands what it reads to the assets. */
export function startSources(options: SourcesOptions): ReadonlyMap<string, Source> {
  const { config, clock, counters, log, keeper, hold, assets } = options;
  const descriptorCache = openDeviceCache(config.dataDir, log);
  const sources = new Map<string, Source>();
  for (const [key, sourceConfig] of Object.entries(config.sources)) {
    const source = createSource({
      ...{ key, config: sourceConfig, clock, counters, log, random: Math.random, descriptorCache },
      onSample(sample) {
        hold?.push(sample);
        assets.push(sample);
      },
      onWaveform: (waveform) => assets.hear(waveform),
      onDevice: (device) => assets.describe(device),
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
function createSource(options: SourceOptions): Source {
  return new SourceReader(options);
}
