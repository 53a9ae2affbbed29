import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTopicMemory } from '../../src/publish/home-assistant/memory.ts';
import { HomeAssistant } from '../../src/publish/home-assistant/mirror.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import type { BrokerFaults } from '../support/broker-faults.ts';
import { readDiscovery } from '../support/home-assistant-rules.ts';
import { mirrorLinkTo, testFolder } from '../support/mirror-rig.ts';
import { mirroredAsset, mirroredState } from '../support/mirrored-state.ts';
import { eventually, startRig } from '../support/publisher-rig.ts';

const NODE = 'homeassistant/device/fieldnote_SITE_plant_NODE_pump7/config';
const PUMP = 'homeassistant/device/fieldnote_SITE_plant_NODE_pump7_ASSET_pump/config';
const PUMP_STATE = 'fieldnote/plant/pump7/asset/pump';

interface RigOptions {
  readonly assets?: readonly string[] | undefined;
  readonly folder?: string;
  readonly broker?: Broker;
}

async function startMirror(options: RigOptions = {}) {
  const { folder = testFolder(), broker = await startBroker() } = options;
  const assets = 'assets' in options ? options.assets : ['pump'];
  const problems: string[] = [];
  const memory = await openTopicMemory(folder, (message) => problems.push(message));
  const name = { site: 'plant', node: 'pump7' };
  const mirror = new HomeAssistant({
    name,
    link: mirrorLinkTo(broker.port),
    onLost: () => {},
    assets,
    memory,
  });
  onTestFinished(async () => {
    await mirror.stop();
    await broker.stop();
  });
  mirror.start();
  return { broker, folder, mirror, problems, memoryPath: join(folder, 'home-assistant.json') };
}

/** What a subscriber finds that comes now, by topic. */
function retainedAt(broker: Broker): Map<string, string> {
  const retained = broker.messages.filter(({ retain }) => retain);
  const latest = new Map(retained.map(({ topic, payload }) => [topic, payload.toString()]));
  return new Map([...latest].filter(([, payload]) => payload !== ''));
}

describe('the mirror for Home Assistant', () => {
  test('shows the node and each asset, retained, by the documented rules', async () => {
    const { broker, mirror } = await startMirror();
    mirror.update(mirroredState());
    await eventually(() =>
      expect([...retainedAt(broker).keys()].sort()).toEqual([PUMP_STATE, NODE, PUMP].sort()),
    );
    for (const topic of [NODE, PUMP]) readDiscovery(topic, retainedAt(broker).get(topic) ?? '');
    expect(JSON.parse(retainedAt(broker).get(PUMP_STATE) ?? '')).toMatchObject({
      score: 0.25,
      severity: 'none',
    });
  });

  test('sends only what has changed', async () => {
    const { broker, mirror } = await startMirror();
    mirror.update(mirroredState());
    await eventually(() => expect(broker.messages).toHaveLength(3));
    mirror.update(mirroredState());
    mirror.update(mirroredState({ assets: [mirroredAsset({ isIncidentOpen: true, severity: 'critical' })] }));
    await eventually(() => expect(broker.messages.length).toBeGreaterThanOrEqual(4));
    expect(broker.messages.slice(3).map(({ topic }) => topic)).toEqual([PUMP_STATE]);
  });

  test('sends everything again to a broker that forgot it', async () => {
    const { broker, mirror } = await startMirror();
    mirror.update(mirroredState());
    await eventually(() => expect(broker.messages).toHaveLength(3));
    await broker.stop();
    await broker.start();
    await eventually(() => expect(broker.messages).toHaveLength(6));
  });

  test('takes back an asset that is no longer configured, also after a restart', async () => {
    const first = await startMirror({ assets: ['pump', 'fan'] });
    first.mirror.update(
      mirroredState({ assets: [mirroredAsset(), mirroredAsset({ key: 'fan', name: 'Fan' })] }),
    );
    await eventually(() => expect(retainedAt(first.broker).size).toBe(5));
    await first.mirror.stop();
    const { broker, mirror } = await startMirror({ broker: first.broker, folder: first.folder });
    mirror.update(mirroredState());
    await eventually(() =>
      expect([...retainedAt(broker).keys()].sort()).toEqual([PUMP_STATE, NODE, PUMP].sort()),
    );
  });

  test('keeps an asset that is configured and has not begun yet', async () => {
    const first = await startMirror();
    first.mirror.update(mirroredState());
    await eventually(() => expect(first.broker.messages).toHaveLength(3));
    await first.mirror.stop();
    const { broker, mirror } = await startMirror({ broker: first.broker, folder: first.folder });
    mirror.update(mirroredState({ assets: [] }));
    await eventually(() => expect(broker.messages).toHaveLength(4));
    expect(retainedAt(broker).has(PUMP)).toBe(true);
  });

  test('takes everything back when it is switched off, and then leaves the broker', async () => {
    const first = await startMirror();
    first.mirror.update(mirroredState());
    await eventually(() => expect(first.broker.messages).toHaveLength(3));
    await first.mirror.stop();
    const { broker, memoryPath } = await startMirror({ ...first, assets: undefined });
    await eventually(() => expect(retainedAt(broker).size).toBe(0));
    await eventually(() => expect(broker.connectionCount).toBe(0));
    await eventually(() => expect(existsSync(memoryPath)).toBe(false));
  });

  test('clears no topic of others, whatever its memory says', async () => {
    const folder = testFolder();
    const topics = [
      'factory/line/config',
      'homeassistant/device/lamp/config',
      '',
      7,
      'fieldnote/a/b/status',
      '#',
    ];
    writeFileSync(join(folder, 'home-assistant.json'), JSON.stringify({ topics: [...topics, PUMP] }));
    const { broker } = await startMirror({ folder, assets: undefined });
    await eventually(() => expect(broker.connectionCount).toBe(0));
    await eventually(() => expect(broker.messages.map(({ topic }) => topic)).toEqual([PUMP]));
  });

  test.each(['{', '{"topics":7}', 'null'])(
    'shows all the same when its memory is broken: %s',
    async (content) => {
      const folder = testFolder();
      writeFileSync(join(folder, 'home-assistant.json'), content);
      const { broker, mirror, problems } = await startMirror({ folder });
      mirror.update(mirroredState());
      await eventually(() => expect(retainedAt(broker).size).toBe(3));
      expect(problems[0]).toContain('entities of before may stay');
    },
  );

  test.each<[string, Partial<BrokerFaults> | undefined]>([
    ['answers nothing', { silent: true }],
    ['acknowledges nothing', { mutePubacks: true }],
    ['cannot be reached', undefined],
  ])('ends in time when the broker %s', async (_name, faults) => {
    const folder = testFolder();
    writeFileSync(join(folder, 'home-assistant.json'), JSON.stringify({ topics: [PUMP] }));
    const broker = await startBroker(faults);
    if (faults === undefined) await broker.stop();
    const { mirror } = await startMirror({ broker, folder, assets: undefined });
    if (faults?.mutePubacks) await eventually(() => expect(broker.messages).toHaveLength(1));
    await mirror.stop();
    expect(existsSync(join(folder, 'home-assistant.json'))).toBe(true);
  });

  test('never touches the delivery, even when the broker hangs up on it', async () => {
    const isMirror = ({ topic }: { topic: string }) => topic.startsWith('homeassistant/');
    const rig = await startRig({ disconnectReason: (message) => (isMirror(message) ? 0x87 : undefined) });
    const { mirror } = await startMirror({ broker: rig.broker });
    mirror.update(mirroredState());
    for (let count = 0; count < 20; count += 1) rig.outbox.accept();
    rig.publisher.start();
    await eventually(() => expect(rig.told.delivered).toBe(20));
    expect(rig.told.lost).toEqual([]);
  });
});
