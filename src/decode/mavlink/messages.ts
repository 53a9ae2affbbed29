import { type Layout, layoutOf } from './layout.ts';
import table from './messages.json' with { type: 'json' };

/** The messages that the published definitions have (tools/mavlink-messages.ts makes the table). */

/** Ids from here on are in no definition yet, though MAVLink 2 has room for 16 million. */
const IDS_MAX = 65_536;

const crcExtras = new Int16Array(IDS_MAX).fill(-1);
const baseSizes = new Uint8Array(IDS_MAX);
for (const [at, id] of table.known.ids.entries()) {
  crcExtras[id] = table.known.crcExtras[at] as number;
  baseSizes[id] = table.known.baseSizes[at] as number;
}

/** Byte that the checksum of a message goes on with; -1 for an id that nobody has published. */
export function crcExtraOf(id: number): number {
  return id < IDS_MAX ? (crcExtras[id] as number) : -1;
}

/** Bytes of its payload in MAVLink 1, which knows neither extensions nor truncation. */
export function baseSizeOf(id: number): number {
  return baseSizes[id] as number;
}

const layouts = new Map(table.decoded.map((definition) => [definition.name, layoutOf(definition)]));

/** Those whose fields are known, by name. */
export const MESSAGES: ReadonlyMap<string, Layout> = layouts;

/** @throws Error for a message whose fields are not in the table */
export function messageNamed(name: string): Layout {
  const layout = layouts.get(name);
  if (layout === undefined) throw new Error(`messages.json has no fields of ${name}`);
  return layout;
}
