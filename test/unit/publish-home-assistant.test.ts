import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assetDiscovery, discoveryTopic, nodeDiscovery } from '../../src/publish/home-assistant/discovery.ts';
import { readDiscovery } from '../support/home-assistant-rules.ts';
import { mirroredAsset } from '../support/mirrored-state.ts';

const NAME = { site: 'plant', node: 'pump7' };
const VERSION = { version: '0.1.0' };

const key = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,12}$/);

function documents(name = NAME, asset = mirroredAsset()) {
  return [
    [discoveryTopic(name), nodeDiscovery(name, VERSION)] as const,
    [discoveryTopic(name, asset.key), assetDiscovery(name, asset, VERSION)] as const,
  ];
}

describe('what Home Assistant is told', () => {
  test('keeps every documented rule, whatever the keys are', () => {
    fc.assert(
      fc.property(key, key, key, fc.string({ minLength: 1 }), (site, node, asset, name) => {
        for (const [topic, document] of documents({ site, node }, mirroredAsset({ key: asset, name })))
          expect(() => readDiscovery(topic, JSON.stringify(document))).not.toThrow();
      }),
    );
  });

  test('gives no two devices the same id, however their keys are cut', () => {
    const part = fc.stringMatching(/^[a-z]([_-][a-z]){0,3}$/);
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (one, other) => {
        const [a, b] = [one, other].map(([site, node, asset]) => discoveryTopic({ site, node }, asset));
        expect(a === b).toBe(one.join('/') === other.join('/'));
      }),
    );
  });

  test('follows the status of the node', () => {
    for (const [topic, document] of documents())
      expect(readDiscovery(topic, JSON.stringify(document)).availability).toEqual([
        { topic: 'fieldnote/plant/pump7/status', value_template: '{{ value_json.state }}' },
      ]);
  });

  test('hangs each asset on its node', () => {
    const [node, asset] = documents().map(([topic, document]) =>
      readDiscovery(topic, JSON.stringify(document)),
    );
    expect(asset?.device.via_device).toBe(node?.device.identifiers[0]);
    expect(asset?.device.name).toBe('Feed pump');
  });

  test('reads only fields that the state of the asset has', () => {
    const state = mirroredAsset();
    const [, [topic, document] = []] = documents();
    const { components, state_topic } = readDiscovery(topic ?? '', JSON.stringify(document));
    const fields = Object.values(components).flatMap(({ value_template = '' }) =>
      [...value_template.matchAll(/value_json\.(\w+)/g)].map(([, field]) => field ?? ''),
    );
    expect(state_topic).toBe('fieldnote/plant/pump7/asset/pump');
    expect(fields).toHaveLength(Object.keys(components).length);
    for (const field of fields) expect(state).toHaveProperty(field);
  });
});

describe('the rules of the test', () => {
  const [[topic, document]] = documents() as [ReturnType<typeof documents>[0]];
  test.each([
    ['an unknown key', { ...document, colour: 'red' }],
    ['a device without an id', { ...document, device: { name: 'x', identifiers: [] } }],
    ['no origin', { ...document, origin: undefined }],
    ['an entity without a unique id', { ...document, components: { a: { platform: 'sensor', name: 'A' } } }],
    [
      'an enum with a unit',
      {
        ...document,
        components: {
          a: {
            platform: 'sensor',
            name: 'A',
            unique_id: 'a',
            device_class: 'enum',
            options: ['x'],
            unit_of_measurement: 's',
          },
        },
      },
    ],
  ])('refuse %s', (_name, broken) => {
    expect(() => readDiscovery(topic, JSON.stringify(broken))).toThrow();
  });

  test('refuse an id with a dot in the topic', () => {
    expect(() => readDiscovery('homeassistant/device/a.b/config', JSON.stringify(document))).toThrow(
      'no topic',
    );
  });
});
