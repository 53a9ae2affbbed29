import type { AssetHealth } from './asset.ts';
import type { Assets } from './assets.ts';
import type { ReleaseNews } from './release.ts';
import type { Writer } from './report/writer.ts';
import type { Source } from './source-seam.ts';
import type { StoreKeeper } from './store-keeper.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';

/** The parts that the health of the agent is read from. */
export interface HealthParts {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly assets: Assets;
  readonly sources: ReadonlyMap<string, Source>;
  readonly keeper: StoreKeeper;
  readonly writer: Writer | undefined;
  readonly releases: Pick<ReleaseNews, 'look'>;
}

/** The document behind the topic `health`. */
export async function healthOf({ clock, counters, assets, sources, keeper, writer, releases }: HealthParts) {
  const store = await keeper.store?.totals().catch(() => undefined);
  const release = await releases.look();
  return {
    at: clock.stampAt(clock.monoMs()),
    uptimeS: Math.round(process.uptime()),
    rssMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    sources: Object.fromEntries([...sources].map(([key, source]) => [key, source.state])),
    devices: Object.fromEntries(
      [...sources].flatMap(([key, source]) => (source.device ? [[key, source.device]] : [])),
    ),
    figures: Object.fromEntries(
      [...sources].flatMap(([key, source]) => (source.figures ? [[key, source.figures]] : [])),
    ),
    assets: assets.health,
    ...(writer && { writer: writer.health }),
    ...(release && { release }),
    store: store ?? 'not available',
    counters: counters.snapshot(),
  };
}

export type Health = Awaited<ReturnType<typeof healthOf>>;

/** One line for the log: what a person wants to see once a minute. */
export function statusLineOf(
  { uptimeS, rssMiB, sources, assets, store }: Health,
  counters: Counters,
): string {
  const openCount = Object.values(sources).filter((state) => state === 'open').length;
  const phases = Object.entries(assets).map(([key, asset]) => `${key} ${phaseOf(asset)}`);
  const waiting = typeof store === 'string' ? `store ${store}` : `${store.pending} waiting`;
  return [
    `up ${uptimeS} s`,
    `${openCount} of ${Object.keys(sources).length} sources open`,
    ...phases,
    `${counters.get('samples_read')} samples`,
    `${counters.get('reports_accepted')} reports accepted, ${waiting}`,
    `${rssMiB} MiB`,
  ].join(', ');
}

function phaseOf(asset: AssetHealth): string {
  if (asset.learned !== undefined) return `${asset.phase} ${Math.floor(asset.learned * 100)} %`;
  return asset.score === undefined ? asset.phase : `${asset.phase} (score ${asset.score.toFixed(2)})`;
}
