import { loadConfig } from '../config/load.ts';
import type { ModbusConfig } from '../config/modbus.ts';
import { placeOf } from '../config/place.ts';
import { readProfile } from '../modbus/read-profile.ts';
import { FieldnoteError } from '../system/errors.ts';

/**
 * `fieldnote check`: says that a configuration is good and what it would do.
 * @throws FieldnoteError CONFIG_UNREADABLE, CONFIG_INVALID or PROFILE_INVALID, naming every fault
 */
export function check(path: string): string {
  const { config, sha256 } = loadConfig(path);
  const sources = Object.entries(config.sources).map(([key, { link, protocol, modbus }]) => {
    if (modbus !== undefined) checkChannels(key, modbus);
    const what = link.type === 'iio' || link.type === 'hwmon' ? 'values' : protocol;
    return `  source ${key}: ${what} from ${link.type} ${placeOf(link)}`;
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

function checkChannels(key: string, { profile, channels = [], write }: ModbusConfig): void {
  const known = readProfile(profile).channels;
  const unknown = [...channels, ...write].filter((name) => known[name] === undefined);
  if (unknown.length === 0) return;
  const message = `source ${key}: profile ${profile} has no channel ${unknown.join(', ')} (it has ${Object.keys(known).join(', ')})`;
  throw new FieldnoteError('PROFILE_INVALID', message, { source: key, profile });
}
