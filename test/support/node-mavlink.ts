import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Transform } from 'node:stream';
import { root } from './source-tree.ts';

/** The part of node-mavlink that is used; test/system/install-npm.sh brings it. */
export interface NodeMavlink {
  readonly MavLinkPacketSplitter: new () => Transform;
  readonly MavLinkTLogPacketSplitter: new () => Transform;
  readonly MavLinkPacketParser: new () => Transform;
  readonly minimal: Dialect;
  readonly common: Dialect;
  readonly ardupilotmega: Dialect;
}

interface Dialect {
  readonly REGISTRY: Readonly<Record<number, MessageClass>>;
}

export interface MessageClass {
  readonly MSG_NAME: string;
  readonly FIELDS: readonly { readonly name: string; readonly source: string }[];
}

export interface NodePacket {
  readonly header: {
    readonly msgid: number;
    readonly seq: number;
    readonly sysid: number;
    readonly compid: number;
  };
  readonly payload: Buffer;
  readonly protocol: { data(payload: Buffer, message: MessageClass): Readonly<Record<string, unknown>> };
}

const PLACE = join(root, 'build/node-mavlink/node_modules/node-mavlink');

export const hasNodeMavlink = existsSync(PLACE);

export function loadNodeMavlink(): NodeMavlink & { classOf(id: number): MessageClass | undefined } {
  const loaded = createRequire(import.meta.url)(PLACE) as NodeMavlink;
  const registry = {
    ...loaded.minimal.REGISTRY,
    ...loaded.common.REGISTRY,
    ...loaded.ardupilotmega.REGISTRY,
  };
  return { ...loaded, classOf: (id) => registry[id] };
}

/** Sends bytes through its splitter and its parser. */
export async function nodePackets(
  splitter: Transform,
  parser: Transform,
  bytes: Uint8Array,
  take: (packet: NodePacket) => void,
): Promise<void> {
  const CHUNK = 4096;
  splitter.pipe(parser).on('data', take);
  const ended = new Promise((resolve) => parser.once('end', resolve));
  for (let from = 0; from < bytes.length; from += CHUNK)
    await new Promise((resolve) => splitter.write(bytes.subarray(from, from + CHUNK), resolve));
  splitter.end();
  await ended;
}
