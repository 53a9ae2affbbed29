import { type MirroredAsset, type MirroredNode, PHASES, SEVERITIES } from '../mirrored.ts';
import { type Topics, topicsOf } from '../topics.ts';

/**
 * What Home Assistant is told about the node and its assets: one retained document for each device, which names all of
 * its entities ("device discovery payload", https://www.home-assistant.io/integrations/mqtt/). The entities read
 * retained topics, so a restart of Home Assistant shows the present state at once.
 */

/** A text state may have so many characters. */
const STATE_LENGTH_MAX = 255;

export interface NodeName {
  readonly site: string;
  readonly node: string;
}

export interface DiscoveryDocument {
  readonly device: object;
  readonly origin: object;
  readonly availability: readonly object[];
  readonly state_topic: string;
  readonly components: Readonly<Record<string, object>>;
}

/** Topic of the document about the node, or about one of its assets. */
export function discoveryTopic(name: NodeName, asset?: string): string {
  return `homeassistant/device/${deviceId(name, asset)}/config`;
}

export function nodeDiscovery(name: NodeName, { version }: Pick<MirroredNode, 'version'>): DiscoveryDocument {
  const topics = topicsOf(name);
  const id = deviceId(name);
  const diagnostic = (key: string, label: string, options: object) =>
    component(id, key, { name: label, entity_category: 'diagnostic', ...options });
  return {
    ...shared(topics, version),
    device: { identifiers: [id], name: `Fieldnote ${name.node}`, ...maker(version), model: 'Edge agent' },
    state_topic: topics.health,
    components: {
      sources: diagnostic('sources', 'Sources', {
        platform: 'binary_sensor',
        device_class: 'connectivity',
        value_template:
          "{{ 'OFF' if value_json.sources.values() | reject('eq', 'open') | list | count > 0 else 'ON' }}",
      }),
      waiting: diagnostic('waiting', 'Reports waiting', {
        ...{ platform: 'sensor', state_class: 'measurement', suggested_display_precision: 0 },
        value_template: '{{ value_json.store.pending | default(none) }}',
      }),
      memory: diagnostic('memory', 'Memory', {
        ...{ platform: 'sensor', device_class: 'data_size', unit_of_measurement: 'MiB' },
        ...{ state_class: 'measurement', enabled_by_default: false },
        value_template: '{{ value_json.rssMiB }}',
      }),
      uptime: diagnostic('uptime', 'Uptime', {
        ...{ platform: 'sensor', device_class: 'duration', unit_of_measurement: 's' },
        ...{ state_class: 'total_increasing', enabled_by_default: false },
        value_template: '{{ value_json.uptimeS }}',
      }),
    },
  };
}

export function assetDiscovery(
  name: NodeName,
  { key, name: label }: Pick<MirroredAsset, 'key' | 'name'>,
  { version }: Pick<MirroredNode, 'version'>,
): DiscoveryDocument {
  const topics = topicsOf(name);
  const id = deviceId(name, key);
  return {
    ...shared(topics, version),
    device: {
      ...{ identifiers: [id], name: label, ...maker(version), model: 'Watched machine' },
      via_device: deviceId(name),
    },
    state_topic: topics.asset(key),
    components: {
      problem: component(id, 'problem', {
        ...{ platform: 'binary_sensor', name: 'Problem', device_class: 'problem' },
        value_template: "{{ 'ON' if value_json.isIncidentOpen else 'OFF' }}",
      }),
      severity: component(id, 'severity', {
        ...{ platform: 'sensor', name: 'Severity', device_class: 'enum', options: [...SEVERITIES] },
        value_template: '{{ value_json.severity }}',
      }),
      score: component(id, 'score', {
        ...{ platform: 'sensor', name: 'Score', icon: 'mdi:gauge' },
        ...{ state_class: 'measurement', suggested_display_precision: 2 },
        value_template: '{{ value_json.score }}',
      }),
      text: component(id, 'text', {
        ...{ platform: 'sensor', name: 'Latest report', icon: 'mdi:text' },
        value_template: `{{ value_json.text[:${STATE_LENGTH_MAX}] }}`,
        json_attributes_topic: topics.asset(key),
        json_attributes_template: '{{ {"text": value_json.text} | tojson }}',
      }),
      learned: component(id, 'learned', {
        ...{ platform: 'sensor', name: 'Learned', icon: 'mdi:school', entity_category: 'diagnostic' },
        ...{ state_class: 'measurement', unit_of_measurement: '%', suggested_display_precision: 0 },
        value_template: '{{ value_json.learned * 100 }}',
      }),
      phase: component(id, 'phase', {
        ...{ platform: 'sensor', name: 'Phase', icon: 'mdi:state-machine', entity_category: 'diagnostic' },
        ...{ device_class: 'enum', options: [...PHASES] },
        value_template: '{{ value_json.phase }}',
      }),
    },
  };
}

/** Keys have no capitals, so no two names make the same id. */
function deviceId({ site, node }: NodeName, asset?: string): string {
  const id = `fieldnote_SITE_${site}_NODE_${node}`;
  return asset === undefined ? id : `${id}_ASSET_${asset}`;
}

function component(device: string, key: string, options: object): object {
  return { unique_id: `${device}_${key}`, ...options };
}

function maker(version: string) {
  return { manufacturer: 'Fieldnote', sw_version: version };
}

function shared({ status }: Topics, version: string) {
  return {
    origin: { name: 'Fieldnote', sw_version: version },
    availability: [{ topic: status, value_template: '{{ value_json.state }}' }],
  };
}
