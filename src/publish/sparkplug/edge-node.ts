import type { MirrorMessage } from '../mirror-link.ts';
import type { MirroredState } from '../mirrored.ts';
import { assetReadings, nodeReadings, type Reading, type Readings } from './metrics.ts';
import { type CommandMetric, decodeCommand, encodePayload, type Metric } from './payload.ts';

/**
 * A Sparkplug B 3.0 edge node: what it says, without the connection that says it. Node and assets are described by
 * birth messages; after that only what has changed is sent, by alias. The rules and their ids (`tck-id-…`) are those
 * of the Eclipse Sparkplug specification, chapters 4 to 6.
 */

export interface EdgeNodeOptions {
  readonly group: string;
  readonly node: string;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

type MessageType = 'NBIRTH' | 'NDEATH' | 'DBIRTH' | 'DDEATH' | 'NDATA' | 'DDATA';

const REBIRTH = 'Node Control/Rebirth';

/** What a host was told about the node (device undefined) or one device since its birth. */
interface Told {
  readonly device: string | undefined;
  readonly readings: Map<string, Reading>;
}

export class EdgeNode {
  readonly #options: EdgeNodeOptions;
  /** By device and name: unique over the whole node, and the same after a rebirth. */
  readonly #aliases = new Map<string, number>();
  #node: Told = { device: undefined, readings: new Map() };
  readonly #devices = new Map<string, Told>();
  #isBorn = false;
  #bdSeq = 0;
  #seq = 0;

  constructor(options: EdgeNodeOptions) {
    this.#options = options;
  }

  get commandTopic(): string {
    const { group, node } = this.#options;
    return `spBv1.0/${group}/NCMD/${node}`;
  }

  /**
   * The last will of a connection that begins, which is also what says good-bye: NDEATH.
   * @param bdSeq 0 to 255, one more with each connection
   */
  death(bdSeq: number): MirrorMessage {
    this.#bdSeq = bdSeq;
    this.#isBorn = false;
    const payload = encodePayload({
      timestamp: this.#options.nowMs(),
      metrics: [{ name: 'bdSeq', timestamp: this.#options.nowMs(), type: 'Int64', value: bdSeq }],
    });
    return { topic: this.#topic('NDEATH'), payload, qos: 1, isRetained: false };
  }

  /** Everything there is to know: NBIRTH, then a DBIRTH for each device that is there. */
  births({ node, assets }: MirroredState): MirrorMessage[] {
    this.#seq = 0;
    this.#isBorn = true;
    this.#node = { device: undefined, readings: new Map() };
    this.#devices.clear();
    const nowMs = this.#options.nowMs();
    const fixed: Metric[] = [
      {
        name: 'bdSeq',
        alias: this.#alias(undefined, 'bdSeq'),
        timestamp: nowMs,
        type: 'Int64',
        value: this.#bdSeq,
      },
      // A command for it is by name: it has no alias.
      { name: REBIRTH, timestamp: nowMs, type: 'Boolean', value: false },
    ];
    const birth = this.#message('NBIRTH', undefined, [
      ...fixed,
      ...this.#introduced(this.#node, nodeReadings(node)),
    ]);
    const online = assets.filter(({ isOnline }) => isOnline);
    return [birth, ...online.map((asset) => this.#deviceBirth(asset.key, assetReadings(asset)))];
  }

  /** What has changed since: deaths and births of devices, then new values. Nothing before the first birth. */
  changes(state: MirroredState): MirrorMessage[] {
    if (!this.#isBorn) return [];
    // A host keeps the metrics of a birth: what is described otherwise now needs all of it again.
    if (this.#hasOtherMetrics(state)) return this.births(state);
    const messages = state.assets.flatMap((asset) => {
      const told = this.#devices.get(asset.key);
      if (asset.isOnline && told === undefined) return this.#deviceBirth(asset.key, assetReadings(asset));
      return !asset.isOnline && told !== undefined ? this.#deviceDeath(asset.key) : [];
    });
    const keys = new Set(state.assets.map(({ key }) => key));
    const gone = [...this.#devices.keys()].filter((key) => !keys.has(key));
    messages.push(...gone.map((key) => this.#deviceDeath(key)));
    messages.push(...this.#data('NDATA', this.#node, nodeReadings(state.node)));
    for (const asset of state.assets) {
      const told = this.#devices.get(asset.key);
      if (told !== undefined) messages.push(...this.#data('DDATA', told, assetReadings(asset)));
    }
    return messages;
  }

  /**
   * Takes what came on the command topic. Anything but a rebirth is no command of this node.
   * @returns whether the births are asked for; until then there is no data
   */
  take(payload: Uint8Array): boolean {
    const isRebirth = commandsOf(payload).some(({ name, value }) => name === REBIRTH && value === true);
    if (isRebirth) this.#isBorn = false;
    return isRebirth;
  }

  #hasOtherMetrics({ assets }: MirroredState): boolean {
    return assets.some((asset) => {
      const told = this.#devices.get(asset.key);
      if (told === undefined || !asset.isOnline) return false;
      return describe(assetReadings(asset)) !== describe(Object.fromEntries(told.readings));
    });
  }

  #deviceBirth(device: string, readings: Readings): MirrorMessage {
    const told: Told = { device, readings: new Map() };
    this.#devices.set(device, told);
    return this.#message('DBIRTH', device, this.#introduced(told, readings));
  }

  #deviceDeath(device: string): MirrorMessage {
    this.#devices.delete(device);
    return this.#message('DDEATH', device, []);
  }

  #data(type: 'NDATA' | 'DDATA', told: Told, readings: Readings): MirrorMessage[] {
    const timestamp = this.#options.nowMs();
    const changed = Object.entries(readings).filter(
      ([name, { value }]) => told.readings.get(name)?.value !== value,
    );
    const metrics = changed.map(([name, reading]) => {
      told.readings.set(name, reading);
      const { type, value } = reading;
      return { alias: this.#alias(told.device, name), timestamp, type, value };
    });
    return metrics.length === 0 ? [] : [this.#message(type, told.device, metrics)];
  }

  /** Metrics as a birth describes them. */
  #introduced(told: Told, readings: Readings): Metric[] {
    const timestamp = this.#options.nowMs();
    return Object.entries(readings).map(([name, reading]) => {
      told.readings.set(name, reading);
      const { type, value, unit } = reading;
      const properties = unit === undefined ? undefined : { engUnit: unit };
      return { name, alias: this.#alias(told.device, name), timestamp, type, value, properties };
    });
  }

  #message(type: MessageType, device: string | undefined, metrics: readonly Metric[]): MirrorMessage {
    const seq = this.#seq;
    this.#seq = (this.#seq + 1) % 256;
    const payload = encodePayload({ timestamp: this.#options.nowMs(), metrics, seq });
    return { topic: this.#topic(type, device), payload, qos: 0, isRetained: false };
  }

  #alias(device: string | undefined, name: string): number {
    // Keys of assets have no slash.
    const key = `${device ?? ''}/${name}`;
    const alias = this.#aliases.get(key) ?? this.#aliases.size;
    this.#aliases.set(key, alias);
    return alias;
  }

  #topic(type: MessageType, device?: string): string {
    const { group, node } = this.#options;
    return `spBv1.0/${group}/${type}/${node}${device === undefined ? '' : `/${device}`}`;
  }
}

function describe(readings: Readings): string {
  return JSON.stringify(Object.entries(readings).map(([name, { type, unit }]) => [name, type, unit]));
}

/** None when the bytes are no payload: anybody may write to the topic. */
function commandsOf(payload: Uint8Array): CommandMetric[] {
  try {
    return decodeCommand(payload);
  } catch {
    return [];
  }
}
