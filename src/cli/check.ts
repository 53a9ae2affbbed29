import { loadConfig } from '../config/load.ts';

/**
 * `fieldnote check`: says that a configuration is good and what it would do.
 * @throws FieldnoteError CONFIG_UNREADABLE or CONFIG_INVALID, naming every fault
 */
export function check(path: string): string {
  const { config, sha256 } = loadConfig(path);
  const sources = Object.entries(config.sources).map(([key, { link, protocol }]) => {
    const where = 'path' in link ? link.path : `${link.host}:${link.port}`;
    return `  source ${key}: ${protocol} from ${link.type} ${where}`;
  });
  const assets = Object.entries(config.assets).map(([key, { source, channels, learn, window }]) => {
    const count = Object.keys(channels ?? {}).length;
    const counted = count === 1 ? '1 channel' : `${count} channels`;
    const names = channels === undefined ? `all that ${source} measures` : counted;
    const seconds = (ms: number) => `${ms / 1000} s`;
    return `  asset ${key}: ${names}, learns for ${seconds(learn.for)}, judges ${seconds(window.length)} every ${seconds(window.step)}`;
  });
  const broker = config.mqtt === undefined ? 'none: reports wait in the store' : config.mqtt.url;
  const store = `  store: ${config.dataDir}, at most ${config.store.sizeMaxMiB} MiB`;
  return [
    `${path} is good (sha256 ${sha256.slice(0, 12)}…)`,
    ...sources,
    ...assets,
    store,
    `  broker: ${broker}`,
  ].join('\n');
}
