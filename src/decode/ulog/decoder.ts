import type { Decoded, NoiseReason } from '../../values/sample.ts';
import { RecordedSamples } from '../recorded-samples.ts';
import type { Decoder } from '../seam.ts';
import { isRead, TopicReader } from './channels.ts';
import { type Layout, layoutOf } from './format.ts';
import { MessageReader, type MessageSink } from './messages.ts';

/** PX4 describes some 250 topics and writes some 100 of them. */
const FORMATS_MAX = 1024;
const FORMAT_LENGTH_MAX = 8192;
const SUBSCRIPTIONS_MAX = 1024;
/** Instance, id of the message, and the name of the topic. */
const SUBSCRIPTION_NAME_AT = 3;
const DATA_AT = 2;

interface Subscription {
  readonly topic: string;
  /** Which sensor of its kind, from 0. */
  readonly instance: number;
  readonly layout: Layout;
}

/**
 * Reads a ULog of PX4: each message of a topic that holds a channel of the flight becomes a sample, by its own time. What
 * is appended at the end of a log (the data of a hard fault) is read like the rest.
 */
export class UlogDecoder implements Decoder, MessageSink {
  readonly #source: string;
  readonly #formats = new Map<string, string>();
  readonly #layouts = new Map<string, Layout | undefined>();
  /** Undefined for topics that hold no channel. */
  readonly #subscriptions = new Map<number, Subscription | undefined>();
  #messages = new MessageReader();
  #topics = new TopicReader();
  #samples: RecordedSamples;

  constructor(source: string) {
    this.#source = source;
    this.#samples = new RecordedSamples(source);
  }

  /** Whether the bytes begin as a ULog does. */
  get isBegun(): boolean {
    return this.#messages.isBegun;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#samples.monoMs = monoMs;
    this.#messages.push(bytes, this);
    return this.#samples.take();
  }

  finish(monoMs: number): readonly Decoded[] {
    this.#samples.monoMs = monoMs;
    this.#messages.end(this);
    return this.#samples.take();
  }

  reset(monoMs: number): readonly Decoded[] {
    const found = this.finish(monoMs);
    this.#formats.clear();
    this.#layouts.clear();
    this.#subscriptions.clear();
    this.#messages = new MessageReader();
    this.#topics = new TopicReader();
    this.#samples = new RecordedSamples(this.#source);
    return found;
  }

  onMessage(type: string, body: DataView): void {
    if (type === 'F') this.#describe(textOf(body, 0));
    else if (type === 'A') this.#subscribe(body);
    else if (type === 'D') this.#take(body);
  }

  onNoise(reason: NoiseReason, sizeBytes: number, excerpt: string): void {
    this.#samples.addNoise(reason, sizeBytes, excerpt);
  }

  #describe(text: string): void {
    const colon = text.indexOf(':');
    const isRoom = this.#formats.size < FORMATS_MAX && text.length <= FORMAT_LENGTH_MAX;
    if (colon > 0 && isRoom) this.#formats.set(text.slice(0, colon), text.slice(colon + 1));
    else this.onNoise('bad-descriptor', text.length, text);
  }

  #subscribe(body: DataView): void {
    if (body.byteLength <= SUBSCRIPTION_NAME_AT || this.#subscriptions.size >= SUBSCRIPTIONS_MAX) {
      this.onNoise('bad-descriptor', body.byteLength, 'subscription');
      return;
    }
    const topic = textOf(body, SUBSCRIPTION_NAME_AT);
    const layout = isRead(topic) ? this.#layoutOf(topic) : undefined;
    if (isRead(topic) && layout === undefined) this.onNoise('bad-descriptor', body.byteLength, topic);
    const subscription = layout && { topic, instance: body.getUint8(0), layout };
    this.#subscriptions.set(body.getUint16(1, true), subscription);
  }

  /** Looked up once: whoever describes comes before whoever is described. */
  #layoutOf(topic: string): Layout | undefined {
    if (!this.#layouts.has(topic)) this.#layouts.set(topic, layoutOf(topic, this.#formats));
    return this.#layouts.get(topic);
  }

  #take(body: DataView): void {
    const id = body.byteLength < DATA_AT ? -1 : body.getUint16(0, true);
    if (!this.#subscriptions.has(id)) this.onNoise('undescribed', body.byteLength, `message ${id}`);
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    const { topic, instance, layout } = subscription;
    const sizeBytes = body.byteLength - DATA_AT;
    if (sizeBytes !== layout.sizeBytes && sizeBytes !== layout.writtenBytes) {
      this.onNoise('bad-body', body.byteLength, topic);
      return;
    }
    const data = new DataView(body.buffer, body.byteOffset + DATA_AT, sizeBytes);
    const read = (path: string): number => {
      const field = layout.fields.get(path);
      const isThere = field !== undefined && field.at < layout.writtenBytes;
      return isThere ? field.read(data, field.at) : Number.NaN;
    };
    const values = this.#topics.read(topic, instance, read);
    this.#samples.add(values, read('timestamp') / 1000, { name: topic, sizeBytes });
  }
}

function textOf(body: DataView, at: number): string {
  return Buffer.from(body.buffer, body.byteOffset + at, body.byteLength - at).toString('latin1');
}
