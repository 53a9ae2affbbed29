import type { FoundSources } from '../config/example.ts';
import { shippedProfiles } from '../modbus/read-profile.ts';
import type { Probed } from '../probe-port.ts';

/** What was found on a port, under the name that the port should be configured by. */
export interface FoundPort {
  readonly probed: Probed;
  readonly bestPath: string;
}

/** Stands for a unit that a person has to say. */
export const UNKNOWN_UNIT = '?';

/** What a source is called after what speaks there. */
const KEYS = { bridge: 'mcu', text: 'mcu', nmea: 'gps', mavlink: 'vehicle', modbus: 'meter' } as const;

/** The configuration for everything that speaks: sources, and assets to begin with. */
export function configurationOf(found: readonly FoundPort[]): FoundSources {
  const keyed = found
    .filter(({ probed }) => probed.protocol !== undefined)
    .map((port, at, all) => ({ ...port, key: keyOf(all, at) }));
  const sources = keyed.map(({ key, ...port }) => sourceOf(key, port)).join('');
  const assets = keyed.map(({ key, probed }) => assetOf(key, probed)).join('');
  return {
    sources: sources === '' ? 'sources: {}\n' : `sources:\n${sources}`,
    assets: assets === '' ? 'assets: {}\n' : `assets:\n${assets}`,
  };
}

/** The second of its kind is mcu2. */
function keyOf(found: readonly FoundPort[], at: number): string {
  const base = (index: number) => KEYS[found[index]?.probed.protocol ?? 'text'];
  const earlier = found.slice(0, at).filter((_, index) => base(index) === base(at)).length;
  return earlier === 0 ? base(at) : `${base(at)}${earlier + 1}`;
}

function sourceOf(key: string, { probed, bestPath }: FoundPort): string {
  const { protocol, link, unit } = probed;
  const framing = [
    ...(link.parity === 'none' ? [] : [`      parity: ${link.parity}`]),
    ...(link.stopBits === 1 ? [] : [`      stopBits: ${link.stopBits}`]),
  ];
  const modbus = [
    `    # In place of NAME: which device it is (${shippedProfiles().join(', ')}),`,
    '    # or the path of your own register map; see docs/modbus.md.',
    `    modbus: { unit: ${unit}, profile: NAME }`,
  ];
  return [
    `  ${key}:`,
    '    link:',
    '      type: serial',
    `      path: ${bestPath}`,
    `      baudRate: ${link.baudRate}`,
    ...framing,
    `    protocol: ${protocol}`,
    ...(protocol === 'modbus' ? modbus : []),
    '',
  ].join('\n');
}

/** A device that describes itself, or whose profile does, is watched as it says; of others a person says what is what, and in which unit. */
function assetOf(key: string, { protocol, channels }: Probed): string {
  if (protocol === 'bridge' || protocol === 'modbus') return `  ${key}-asset:\n    source: ${key}\n`;
  if (channels.length === 0) return '';
  const keys = new Set<string>();
  const lines = channels.map((name) => {
    const plain = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, '-')
      .replaceAll(/^[-_]+|[-_]+$/g, '');
    const channel = plain === '' || keys.has(plain) ? `channel-${keys.size + 1}` : plain;
    keys.add(channel);
    return `      ${channel}: { from: ${JSON.stringify(`${key}.${name}`)}, unit: "${UNKNOWN_UNIT}" }\n`;
  });
  const advice = `      # In place of each "${UNKNOWN_UNIT}": the unit of its values, as reports will say it.\n`;
  return `  ${key}-asset:\n    channels:\n${advice}${lines.join('')}`;
}
