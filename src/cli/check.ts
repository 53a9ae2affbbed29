import { loadConfig } from '../config/load.ts';
import type { ModbusConfig } from '../config/modbus.ts';
import { placeOf } from '../config/place.ts';
import { readProfile } from '../modbus/read-profile.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { UNKNOWN_UNIT } from './found-source.ts';

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
    return `  asset ${key}: ${names}, learns for ${seconds(learn.for)}, judges ${seconds(window.length)} every ${seconds(window.step)}${adviceOn(channels)}`;
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

/** The agent watches a channel without a unit all the same. */
function adviceOn(channels: Readonly<Record<string, { readonly unit: string }>> = {}): string {
  const names = Object.keys(channels).filter((name) => channels[name]?.unit === UNKNOWN_UNIT);
  return names.length === 0
    ? ''
    : `\n    say the unit of ${names.join(', ')}: reports would write "${UNKNOWN_UNIT}"`;
}

function checkChannels(key: string, { profile, channels = [], write }: ModbusConfig): void {
  const known = profileOf(key, profile).channels;
  const unknown = [...channels, ...write].filter((name) => known[name] === undefined);
  if (unknown.length === 0) return;
  const message = `source ${key}: profile ${profile} has no channel ${unknown.join(', ')} (it has ${Object.keys(known).join(', ')})`;
  throw new FieldnoteError('PROFILE_INVALID', message, { source: key, profile });
}

function profileOf(key: string, profile: string): ReturnType<typeof readProfile> {
  try {
    return readProfile(profile);
  } catch (error) {
    const message = `source ${key}, modbus.profile: ${messageOf(error)}`;
    throw new FieldnoteError('PROFILE_INVALID', message, { source: key, profile }, error);
  }
}
