import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { type Daemon, eventually } from '../support/daemon.ts';
import { type Discovery, readDiscovery } from '../support/home-assistant-rules.ts';
import { setUpPlant } from '../support/plant.ts';
import { DEBIAN_PYTHON, needsModule } from '../support/python.ts';

/**
 * The daemon with the switch for Home Assistant on and off, and its templates as the template engine of Home Assistant
 * (Jinja) reads them. Home Assistant itself is no Debian package and needs the network to start.
 */

const RENDER = `
import jinja2, json, sys
def render(template, payload):
    return jinja2.Environment().from_string(template).render(value_json=json.loads(payload))
print(json.dumps([render(*job) for job in json.load(sys.stdin)]))
`;

const hasJinja = needsModule(DEBIAN_PYTHON, 'jinja2');

function render(jobs: readonly (readonly [template: string, payload: string])[]): string[] {
  const { stdout } = spawnSync(DEBIAN_PYTHON, ['-c', RENDER], {
    input: JSON.stringify(jobs),
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

/** What a subscriber that comes now would get, by topic. */
function retainedAt(broker: Broker): Map<string, string> {
  const retained = broker.messages.filter(({ retain }) => retain);
  const latest = new Map(retained.map(({ topic, payload }) => [topic, payload.toString()]));
  return new Map([...latest].filter(([, payload]) => payload !== ''));
}

/** What Home Assistant shows: for each device, its entities and their states. */
function shownBy(broker: Broker): Record<string, Record<string, string>> {
  const retained = retainedAt(broker);
  const documents = [...retained].filter(([topic]) => topic.startsWith('homeassistant/'));
  return Object.fromEntries(
    documents.map(([topic, payload]) => {
      const document = readDiscovery(topic, payload);
      return [document.device.name, statesOf(document, retained)];
    }),
  );
}

function statesOf({ components, state_topic = '', availability }: Discovery, retained: Map<string, string>) {
  const state = retained.get(state_topic) ?? '{}';
  const names = Object.keys(components);
  const jobs = names.map((name) => [components[name]?.value_template ?? '', state] as const);
  const [first] = availability;
  const available = [first?.value_template ?? '', retained.get(first?.topic ?? '') ?? '{}'] as const;
  const [availableState = '', ...values] = render([available, ...jobs]);
  return {
    available: availableState,
    ...Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
  };
}

/** On a busy machine a start takes its time. */
const patiently = <T>(check: () => T) => eventually(check, 100_000);

function watching({ log }: Daemon): Promise<void> {
  return patiently(() => expect(log.some(({ msg }) => msg.startsWith('watching pump'))).toBe(true));
}

describe.runIf(hasJinja)('the daemon in Home Assistant', () => {
  test('is shown as long as the switch is on, with every state readable', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, config, start } = plant;
    const daemon = start({ ...config, mqtt: { ...config.mqtt, homeAssistant: true } });
    await watching(daemon);
    await patiently(() => {
      const { 'Fieldnote pump7': node, 'Feed pump 7': pump } = shownBy(broker);
      expect(node).toMatchObject({ available: 'online', sources: 'ON', waiting: '0' });
      expect(Number(node?.['memory'])).toBeGreaterThan(10);
      expect(pump).toMatchObject({ problem: 'OFF', severity: 'none', phase: 'watching', learned: '100' });
      expect(Number(pump?.['score'])).toBeGreaterThan(0);
    });
    machine.isFaulty = true;
    await patiently(() =>
      expect(shownBy(broker)['Feed pump 7']).toMatchObject({
        ...{ problem: 'ON', severity: 'critical', text: expect.stringMatching(/^Feed pump 7: critical/) },
      }),
    );

    // An incident that is open at the start is shown before anything new happens.
    await daemon.kill();
    expect(shownBy(broker)['Fieldnote pump7']?.['available']).toBe('offline');
    const second = start({ ...config, mqtt: { ...config.mqtt, homeAssistant: true } });
    await watching(second);
    await patiently(() =>
      expect(shownBy(broker)['Feed pump 7']).toMatchObject({
        ...{ available: 'online', problem: 'ON', text: expect.stringMatching(/^Feed pump 7: critical/) },
      }),
    );

    expect(await second.stop()).toBe(0);
    start();
    await patiently(() => {
      const others = [...retainedAt(broker).keys()].filter((topic) => /homeassistant|\/asset\//.test(topic));
      expect(others).toEqual([]);
    });
  }, 400_000);
});
