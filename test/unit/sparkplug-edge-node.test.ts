import { beforeEach, describe, expect, test } from 'vitest';
import type { MirrorMessage } from '../../src/publish/mirror-link.ts';
import type { MirroredState } from '../../src/publish/mirrored.ts';
import { EdgeNode } from '../../src/publish/sparkplug/edge-node.ts';
import { DATA_TYPES, encodePayload } from '../../src/publish/sparkplug/payload.ts';
import { mirroredAsset, mirroredChannel, mirroredState } from '../support/mirrored-state.ts';
import { type ReadPayload, readPayload } from '../support/sparkplug-reader.ts';

/** The names carry the ids of the assertions of the Sparkplug 3.0 specification that a test checks. */

const NOW_MS = Date.UTC(2026, 10, 23);
let edge: EdgeNode;
let will: MirrorMessage;

beforeEach(() => {
  edge = new EdgeNode({ group: 'plant', node: 'pump7', nowMs: () => NOW_MS });
  will = edge.death(7);
});

const read = ({ payload }: MirrorMessage): ReadPayload => readPayload(Buffer.from(payload));
const topicsOf = (messages: readonly MirrorMessage[]) => messages.map(({ topic }) => topic);
const metric = (message: MirrorMessage, name: string) =>
  read(message).metrics.find((one) => one.name === name);
const scored = (score: number): MirroredState => mirroredState({ assets: [mirroredAsset({ score })] });

function born(state: MirroredState = mirroredState()): [MirrorMessage, ...MirrorMessage[]] {
  const [node, ...devices] = edge.births(state);
  if (node === undefined) throw new Error('no NBIRTH');
  return [node, ...devices];
}

describe('the last will', () => {
  test('is the death of the node [tck-id-topics-ndeath-topic, tck-id-payloads-ndeath-will-message]', () => {
    expect(will.topic).toBe('spBv1.0/plant/NDEATH/pump7');
  });

  test('has QoS 1 and is not retained [tck-id-payloads-ndeath-will-message-qos, -retain]', () => {
    expect(will).toMatchObject({ qos: 1, isRetained: false });
  });

  test('holds bdSeq alone, an Int64, and no seq [tck-id-topics-ndeath-payload, tck-id-topics-ndeath-seq]', () => {
    const { metrics, seq } = read(will);
    expect(metrics).toEqual([{ name: 'bdSeq', timestamp: NOW_MS, datatype: DATA_TYPES.Int64, value: 7 }]);
    expect(seq).toBeUndefined();
  });
});

describe('the births', () => {
  test('are the node and then each device [tck-id-payloads-dbirth-order, tck-id-topics-nbirth-topic]', () => {
    expect(
      topicsOf(born(mirroredState({ assets: [mirroredAsset(), mirroredAsset({ key: 'fan' })] }))),
    ).toEqual([
      'spBv1.0/plant/NBIRTH/pump7',
      'spBv1.0/plant/DBIRTH/pump7/pump',
      'spBv1.0/plant/DBIRTH/pump7/fan',
    ]);
  });

  test('have QoS 0 and are not retained [tck-id-topics-nbirth-mqtt, tck-id-topics-dbirth-mqtt]', () => {
    for (const message of born()) expect(message).toMatchObject({ qos: 0, isRetained: false });
  });

  test('count from 0 [tck-id-topics-nbirth-seq-num, tck-id-payloads-dbirth-seq-inc]', () => {
    expect(born().map((message) => read(message).seq)).toEqual([0, 1]);
  });

  test('have a time each, and one in every metric [tck-id-payloads-nbirth-timestamp, tck-id-payloads-name-birth-data-requirement]', () => {
    for (const message of born()) {
      const { timestamp, metrics } = read(message);
      expect([timestamp, ...metrics.map((one) => one.timestamp)]).toEqual(
        Array(metrics.length + 1).fill(NOW_MS),
      );
    }
  });

  test('say name, type and value of each metric [tck-id-topics-nbirth-metrics, tck-id-payloads-metric-datatype-req]', () => {
    const types = Object.values(DATA_TYPES) as number[];
    for (const { metrics } of born().map(read)) {
      expect(metrics.length).toBeGreaterThan(3);
      for (const { name, datatype = -1, value } of metrics) {
        expect(name).toBeTruthy();
        expect(types).toContain(datatype);
        expect(value).toBeDefined();
      }
    }
  });

  test('hold the bdSeq of the will [tck-id-topics-nbirth-bdseq-included, tck-id-topics-nbirth-bdseq-matching]', () => {
    expect(metric(born()[0], 'bdSeq')).toMatchObject({ datatype: DATA_TYPES.Int64, value: 7 });
  });

  test('offer the rebirth, false and without alias [tck-id-topics-nbirth-rebirth-metric, tck-id-operational-behavior-data-commands-rebirth-name-aliases]', () => {
    const rebirth = metric(born()[0], 'Node Control/Rebirth');
    expect(rebirth).toEqual({
      ...{ name: 'Node Control/Rebirth', timestamp: NOW_MS },
      ...{ datatype: DATA_TYPES.Boolean, value: false },
    });
  });

  test('give every other metric an alias of its own [tck-id-payloads-alias-uniqueness, tck-id-payloads-alias-birth-requirement]', () => {
    const assets = [mirroredAsset(), mirroredAsset({ key: 'fan' })];
    const metrics = born(mirroredState({ assets })).flatMap((message) => read(message).metrics);
    const aliases = metrics.filter(({ name }) => name !== 'Node Control/Rebirth').map(({ alias }) => alias);
    expect(aliases.every(Number.isInteger)).toBe(true);
    expect(new Set(aliases).size).toBe(aliases.length);
  });

  test('say that a value is missing, and do not make one up [tck-id-operational-behavior-data-publish-dbirth-values]', () => {
    const channels = [mirroredChannel({ value: null })];
    const [, device] = born(mirroredState({ assets: [mirroredAsset({ channels })] }));
    const vib = device && metric(device, 'Channels/vib');
    expect(vib).toMatchObject({ isNull: true, datatype: DATA_TYPES.Double });
    expect(vib).not.toHaveProperty('value');
  });

  test('say the unit of a channel', () => {
    const [, device] = born();
    expect(device && metric(device, 'Channels/vib')?.properties).toEqual({ engUnit: 'mm/s' });
  });

  test('leave out an asset whose source is not there', () => {
    expect(born(mirroredState({ assets: [mirroredAsset({ isOnline: false })] }))).toHaveLength(1);
  });
});

describe('the data', () => {
  test('does not come before the births [tck-id-payloads-ndata-order, tck-id-payloads-ddata-order]', () => {
    expect(edge.changes(scored(2))).toEqual([]);
    born();
    edge.death(8);
    expect(edge.changes(scored(3))).toEqual([]);
  });

  test('is only what has changed [tck-id-operational-behavior-data-publish-dbirth-change]', () => {
    born();
    expect(edge.changes(mirroredState())).toEqual([]);
    const messages = edge.changes(scored(2.5));
    expect(topicsOf(messages)).toEqual(['spBv1.0/plant/DDATA/pump7/pump']);
    expect(messages.map(read)[0]?.metrics).toMatchObject([{ value: 2.5 }]);
    expect(edge.changes(scored(2.5))).toEqual([]);
  });

  test('names a metric by its alias of the birth alone [tck-id-payloads-alias-data-cmd-requirement, tck-id-payloads-metric-datatype-not-req]', () => {
    const [, device] = born();
    const alias = device && metric(device, 'Score')?.alias;
    const [data] = edge.changes(scored(2));
    expect(data && read(data).metrics).toEqual([{ alias, timestamp: NOW_MS, value: 2 }]);
  });

  test('has QoS 0 and is not retained [tck-id-topics-ndata-mqtt, tck-id-topics-ddata-mqtt]', () => {
    born();
    for (const message of edge.changes({ ...scored(2), node: { ...scored(2).node, sourcesOpen: 0 } }))
      expect(message).toMatchObject({ qos: 0, isRetained: false });
  });

  test('of the node is NDATA [tck-id-topics-ndata-topic, tck-id-topics-ndata-payload]', () => {
    born();
    expect(topicsOf(edge.changes(mirroredState({ reportsWaiting: 5 })))).toEqual([
      'spBv1.0/plant/NDATA/pump7',
    ]);
  });

  test('counts on from 255 to 0 [tck-id-payloads-sequence-num-incrementing]', () => {
    const messages = [
      ...born(),
      ...Array.from({ length: 600 }, (_, index) => edge.changes(scored(index + 1))).flat(),
    ];
    expect(messages.map((message) => read(message).seq)).toEqual(messages.map((_, index) => index % 256));
  });
});

describe('a device', () => {
  test('dies when its values stop coming [tck-id-operational-behavior-device-ddeath, tck-id-topics-ddeath-topic]', () => {
    born();
    const [death, ...others] = edge.changes(mirroredState({ assets: [mirroredAsset({ isOnline: false })] }));
    expect(others).toEqual([]);
    expect(death).toMatchObject({ topic: 'spBv1.0/plant/DDEATH/pump7/pump', qos: 0, isRetained: false });
    expect(death && read(death)).toEqual({ timestamp: NOW_MS, seq: 2, metrics: [] });
  });

  test('is born again when they come again, and not before [tck-id-topics-dbirth-topic]', () => {
    born();
    const away = mirroredState({ assets: [mirroredAsset({ isOnline: false })] });
    edge.changes(away);
    expect(edge.changes({ ...away, assets: [mirroredAsset({ isOnline: false, score: 9 })] })).toEqual([]);
    expect(topicsOf(edge.changes(mirroredState()))).toEqual(['spBv1.0/plant/DBIRTH/pump7/pump']);
  });

  test('dies when it is watched no more', () => {
    born();
    expect(topicsOf(edge.changes(mirroredState({ assets: [] })))).toEqual([
      'spBv1.0/plant/DDEATH/pump7/pump',
    ]);
  });

  test('with other metrics makes all births anew [tck-id-operational-behavior-data-publish-dbirth]', () => {
    born();
    const channels = [mirroredChannel(), mirroredChannel({ key: 'temp', unit: '°C' })];
    const messages = edge.changes(mirroredState({ assets: [mirroredAsset({ channels })] }));
    expect(topicsOf(messages)).toEqual(['spBv1.0/plant/NBIRTH/pump7', 'spBv1.0/plant/DBIRTH/pump7/pump']);
    expect(messages.map((message) => read(message).seq)).toEqual([0, 1]);
  });
});

describe('a command', () => {
  const command = (name: string, value: boolean) =>
    encodePayload({ timestamp: 1, metrics: [{ name, type: 'Boolean', value }] });

  test('for a rebirth is understood [tck-id-operational-behavior-data-commands-ncmd-rebirth-name]', () => {
    expect(edge.commandTopic).toBe('spBv1.0/plant/NCMD/pump7');
    expect(edge.take(command('Node Control/Rebirth', true))).toBe(true);
  });

  test('for a rebirth ends the data until the births [tck-id-operational-behavior-data-commands-rebirth-action-1]', () => {
    born();
    edge.take(command('Node Control/Rebirth', true));
    expect(edge.changes(scored(2))).toEqual([]);
    born(scored(2));
    expect(edge.changes(scored(3))).toHaveLength(1);
  });

  test.each([
    ['a rebirth that is false', command('Node Control/Rebirth', false)],
    ['another name', command('Node Control/Reboot', true)],
    ['bytes without meaning', Buffer.from('ffffffff', 'hex')],
    ['nothing', Buffer.alloc(0)],
  ])('that is %s is none', (_name, payload) => {
    expect(edge.take(payload)).toBe(false);
  });

  test('for a rebirth brings the same bdSeq and the same aliases [tck-id-operational-behavior-data-commands-rebirth-action-3]', () => {
    const first = born().map(read);
    edge.changes(scored(2));
    const again = born().map(read);
    expect(again).toEqual(first);
  });
});
