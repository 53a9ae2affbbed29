import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Framer } from '../../src/decode/mavlink/framer.ts';
import { MESSAGES } from '../../src/decode/mavlink/messages.ts';
import type { Packet } from '../../src/decode/mavlink/packet.ts';
import { reader } from '../../src/decode/mavlink/read-field.ts';
import { Trust } from '../../src/decode/mavlink/trust.ts';
import { hasNodeMavlink, loadNodeMavlink, type NodePacket, nodePackets } from '../support/node-mavlink.ts';
import { root } from '../support/source-tree.ts';

const LOGS = join(root, '../shared/data/mavlink');
const logs = existsSync(LOGS) ? readdirSync(LOGS).toSorted() : [];
if (logs.length === 0) console.warn('Skipped: these tests need the telemetry logs in ../shared/data/mavlink');
if (!hasNodeMavlink) console.warn('Skipped: these tests need node-mavlink (npm run test:system installs it)');

/** Packets that more than their checksum proves. */
function ownPackets(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  const ignore = () => undefined;
  const trust = new Trust({ onBelieved: (packet) => packets.push(packet.copy()), onDoubted: ignore });
  const framer = new Framer({
    onPacket: (packet) => trust.take(packet),
    onUnknown: (packet) => trust.skip(packet),
    onSkipped: ignore,
  });
  framer.push(bytes);
  framer.end();
  trust.end();
  return packets;
}

const ownKey = ({ id, sequence, system, component, payload }: Packet) =>
  `${id} ${sequence} ${system}.${component} ${Buffer.from(payload.buffer).toString('hex')}`;
const nodeKey = ({ header: { msgid, seq, sysid, compid }, payload }: NodePacket) =>
  `${msgid} ${seq} ${sysid}.${compid} ${payload.toString('hex').padEnd(510, '0')}`;

describe.runIf(hasNodeMavlink)('beside node-mavlink', () => {
  test.each(logs)('%s has the same messages, field by field', async (log) => {
    const oracle = loadNodeMavlink();
    const bytes = readFileSync(join(LOGS, log));
    const theirs: NodePacket[] = [];
    const Splitter = log.endsWith('.tlog') ? oracle.MavLinkTLogPacketSplitter : oracle.MavLinkPacketSplitter;
    await nodePackets(new Splitter(), new oracle.MavLinkPacketParser(), bytes, (packet) =>
      theirs.push(packet),
    );
    const own = ownPackets(bytes);
    let at = 0;
    let fieldCount = 0;
    for (const packet of theirs) {
      const key = nodeKey(packet);
      while (at < own.length && ownKey(own[at] as Packet) !== key) at++;
      expect(own[at], `a message that only node-mavlink finds: ${key}`).toBeDefined();
      fieldCount += compareFields(own[at] as Packet, packet, oracle.classOf(packet.header.msgid));
      at++;
    }
    console.log(
      `${log}: ${own.length} messages, node-mavlink ${theirs.length}; ${fieldCount} fields are the same`,
    );
  });
});

function compareFields(
  own: Packet,
  packet: NodePacket,
  message: ReturnType<ReturnType<typeof loadNodeMavlink>['classOf']>,
): number {
  const layout = message && MESSAGES.get(message.MSG_NAME);
  if (message === undefined || layout === undefined) return 0;
  const data = packet.protocol.data(packet.payload, message);
  let count = 0;
  for (const field of layout.fields.values()) {
    const name = message.FIELDS.find(({ source }) => source === field.name)?.name ?? field.name;
    const theirs = data[name];
    if (field.type === 'char' || theirs === undefined) continue;
    const list = Array.isArray(theirs) ? theirs : [theirs];
    for (const [index, value] of list.entries()) {
      expect(reader(layout.name, field.name, index)(own.payload), `${layout.name}.${field.name}`).toBe(
        Number(value),
      );
      count++;
    }
  }
  return count;
}
