import { join } from 'node:path';
import mqtt, { type IPublishPacket } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configSchema, type MqttConfig } from '../../src/config/schema.ts';
import { createPublisher } from '../../src/publishing.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { lanesInFile } from '../support/collected.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { eventually, type Folder, newFolder } from '../support/daemon.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { runningMs } from '../support/standstills.ts';
import { backlogEntry, NODE } from '../support/store-backlog.ts';

const TOPIC = 'fieldnote/plant/skid/incident/pump';
const LARGEST_BYTES = 20_000;
const COLLECTED = 'collected.db';
/** From the acceptance of a bad report to the delivery of the good ones around it. */
const GOOD_REPORTS_MS_MAX = 5000;

/** A report with something wrong, and how its reason begins; nothing when it can be delivered after all. */
const BAD_INPUTS: readonly [
  name: string,
  change: { topic?: string; payload?: string; id?: string },
  why: RegExp | null,
][] = [
  ['an empty topic', { topic: '' }, /topic is empty/],
  ['NUL in its topic', { topic: 'a\u0000b' }, /control character/],
  ['+ in its topic', { topic: 'a/+/b' }, /\+ or #/],
  ['# in its topic', { topic: 'a/#' }, /\+ or #/],
  ['a topic of the broker', { topic: '$SYS/broker/uptime' }, /starts with \$/],
  ['a topic as long as names may be', { topic: 'a'.repeat(1024) }, null],
  ['half a character in its topic', { topic: 'a\ud800' }, null],
  ['empty levels in its topic', { topic: 'a//b/' }, null],
  ['a space at the end of its topic', { topic: 'a/b ' }, null],
  ['a topic that looks like a number', { topic: '007' }, null],
  ['many levels in its topic', { topic: 'a/b/c/d/e/f/g/h/i/j' }, null],
  ['no payload', { payload: '' }, /JSON/],
  ['a payload that is no JSON', { payload: '{"text":' }, /JSON/],
  ['a payload that is no report', { payload: '[]' }, /./],
  ['null as payload', { payload: 'null' }, /./],
  ['a number as payload', { payload: '1e999' }, /./],
  [
    'a payload over the limit of the broker',
    { payload: large(LARGEST_BYTES + 1000) },
    /the broker takes at most/,
  ],
  ['a large payload within the limit', { payload: large(LARGEST_BYTES - 2000) }, null],
  ['__proto__ in its payload', { payload: large(900).replace('"text"', '"__proto__":{"x":1},"text"') }, null],
  ['an id that is too long', { id: 'i'.repeat(1000) }, /id is longer/],
  ['a line break in its id', { id: 'a\nb' }, /id contains/],
];

function large(sizeBytes: number): string {
  const report = JSON.parse(backlogEntry(1, 'incident', 0).entry.payload);
  return JSON.stringify({ ...report, text: 'x'.repeat(sizeBytes - 900) });
}

describe.runIf(needsCommand('mosquitto'))('bad input at a real broker', () => {
  const parts = new AsyncDisposableStack();
  const ids: string[] = [];
  let [folder, mosquitto]: [Folder?, Mosquitto?] = [];

  beforeAll(async () => {
    folder = parts.use(await newFolder());
    mosquitto = parts.use(await startMosquitto([`max_packet_size ${LARGEST_BYTES}`]));
    const reader = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.port}`, { protocolVersion: 5 });
    parts.defer(() => reader.endAsync());
    reader.on('message', (_topic: string, _payload: Buffer, { properties }: IPublishPacket) =>
      ids.push(String(properties?.userProperties?.['id'])),
    );
    await reader.subscribeAsync('#', { qos: 1 });
    parts.use(await CollectorProcess.start(join(folder.path, COLLECTED), mosquitto.port));
  });
  afterAll(() => parts.disposeAsync());

  /** Store and publisher as the daemon wires them. */
  async function start(name: string) {
    const clock = systemClock(() => keeper?.store?.boot ?? 0);
    const counters = new Counters();
    const log = createLog('silent');
    const settings = { dataDir: join(folder?.path ?? '', name), sizeMaxMiB: 64, bootId: 'boot' };
    let keeper: StoreKeeper | undefined;
    keeper = await StoreKeeper.start({
      ...{ settings, clock, counters, log },
      onAccepted: (lane) => publisher.nudge(lane),
    });
    const url = `mqtt://127.0.0.1:${mosquitto?.port}`;
    const plant = { ...NODE, sources: {}, assets: {}, mqtt: { url } };
    const { mqtt: config } = configSchema.parse(plant) as { mqtt: MqttConfig };
    const secrets = async () => ({});
    const digests = { linkUp: async () => undefined, linkLost: () => undefined };
    const publisher = createPublisher({ ...NODE, config, secrets, keeper, digests, clock, counters, log });
    publisher.start();
    return { keeper, publisher, counters };
  }

  test.each(BAD_INPUTS)(
    'with %s: no exit, and the good reports around it come',
    async (name, change, why) => {
      const { keeper, publisher, counters } = await start(name);
      for (let number = 1; number <= 3; number++) {
        const acceptance = backlogEntry(number, 'incident', 0);
        const entry = {
          ...acceptance.entry,
          topic: TOPIC,
          id: `${name} ${number}`,
          ...(number === 2 && change),
        };
        keeper.accept({ ...acceptance, entry });
      }
      const good = [`${name} 1/1`, `${name} 3/1`];
      const goodMs = await runningMs(() =>
        eventually(() => expect(ids).toEqual(expect.arrayContaining(good))),
      );
      console.log(`${name}: the good reports around it came after ${Math.round(goodMs)} ms`);
      expect(goodMs).toBeLessThan(GOOD_REPORTS_MS_MAX);
      await eventually(() =>
        expect(counters.get('reports_delivered') + counters.get('reports_quarantined')).toBe(3),
      );
      expect(counters.get('broker_connects')).toBeLessThanOrEqual(3);
      const totals = await keeper.store?.totals();
      expect(totals).toMatchObject({ accepted: 3, pending: 0, quarantined: why === null ? 0 : 1 });
      const gaps = await keeper.gaps();
      expect(gaps.map(({ detail }) => detail)).toEqual(why === null ? [] : [expect.stringMatching(why)]);
      publisher.publishGap({ epoch: keeper.store?.epoch, gaps });
      const isElsewhere = why === null && 'topic' in change;
      await eventually(async () =>
        expect(await collectedOf(keeper.store?.epoch)).toEqual({
          received: why === null && !isElsewhere ? 3 : 2,
          explained: why === null ? 0 : 1,
          missing: isElsewhere ? 1 : 0,
        }),
      );
      await publisher.stop();
      await keeper.close();
    },
  );

  /** What a collector makes of the three reports; one that went to a topic of its own is missing there. */
  async function collectedOf(epoch: string | undefined) {
    const lanes = await lanesInFile(join(folder?.path ?? '', COLLECTED));
    const ours = lanes.find((lane) => lane.epoch === epoch);
    return {
      received: ours?.received,
      explained: Object.values(ours?.explained ?? {}).reduce((sum, count) => sum + count, 0),
      missing: ours?.missing.reduce((sum, [from, to]) => sum + to - from + 1, 0),
    };
  }
});
