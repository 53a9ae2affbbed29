import type { Health } from '../src/health.ts';
import type { ReportEvent } from '../src/publish/envelope.ts';
import type { DeviceChannel } from '../src/values/device.ts';
import type { Severity } from '../src/values/incident.ts';
import type { Lane } from '../src/values/lane.ts';
import type { Broker } from '../test/support/broker.ts';
import type { BrokerMessage } from '../test/support/broker-faults.ts';
import type { ChannelRow } from './frame.ts';
import type { TerminalView } from './view.ts';

const HISTORY_LENGTH_MAX = 240;

export interface SubscriberOptions {
  readonly broker: Broker;
  readonly view: TerminalView | undefined;
  /** What the language model is called. */
  readonly modelName: string;
  /** Prints reports and totals as lines of JSON. */
  readonly json: boolean;
}

/** Somebody who subscribes to the topics of the node and shows what arrives, nothing else. */
export class Subscriber {
  readonly firstSamples: Promise<void>;
  readonly #options: SubscriberOptions;
  readonly #sampled = Promise.withResolvers<void>();
  readonly #histories = new Map<string, number[]>();
  /** Severity of the open incident for each channel that it names. */
  #marked = new Map<string, Severity>();
  /** Reports by their id: copies count once. */
  readonly #reports = new Set<string>();
  /** Highest sequence number of each lane. */
  readonly #highest = new Map<Lane, number>();
  #copies = 0;
  /** Reports in the words of the language model. */
  #written = 0;
  /** Why it writes nothing, as it was shown last. */
  #writerTrouble: string | undefined;
  #health: Health | undefined;
  #isOnline = false;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.firstSamples = this.#sampled.promise;
    options.broker.onMessage((message) => this.#take(message));
  }

  /** The last line: what was read, reported and delivered, and whether anything is missing. */
  sayTotals(): void {
    const store = this.#storeTotals();
    const totals = {
      samples: this.#countOf('samples_read'),
      noise: this.#noise(),
      lost: this.#countOf('samples_lost_wire') + this.#countOf('samples_lost_device'),
      reports: store.accepted,
      delivered: this.#reports.size,
      written: this.#written,
      copies: this.#copies,
      missing: this.#missing(),
    };
    const line = this.#options.json
      ? JSON.stringify({ totals })
      : `${totals.samples} samples, ${totals.noise} pieces of noise skipped and ${totals.lost} samples lost by them, ` +
        `${totals.delivered} reports delivered, ${totals.written} of them told by ${this.#options.modelName}, ${totals.missing === 0 ? 'none' : totals.missing} missing, ${totals.copies} sent twice`;
    process.stdout.write(`${line}\n`);
  }

  /** Whether, by what the node says now, every report that it has accepted is here. */
  get isComplete(): boolean {
    const { accepted, pending } = this.#storeTotals();
    return this.#isOnline && pending === 0 && accepted === this.#reports.size;
  }

  #take({ topic, payload }: BrokerMessage): void {
    if (topic.endsWith('/status')) this.#takeStatus(JSON.parse(payload.toString()));
    else if (topic.endsWith('/health')) this.#takeHealth(JSON.parse(payload.toString()));
    else if (topic.includes('/incident/')) this.#takeReport(JSON.parse(payload.toString()));
  }

  #takeStatus({ state }: { state: string }): void {
    this.#isOnline = state === 'online';
    this.#options.view?.broker(state === 'online' ? 'connected' : 'lost');
  }

  #takeHealth(health: Health): void {
    this.#health = health;
    const { view } = this.#options;
    const asset = health.assets['pump1'];
    if (this.#countOf('samples_read') > 0) this.#sampled.resolve();
    this.#takeWriter(health.writer);
    if (asset === undefined) return;
    for (const [key, value] of Object.entries(asset.latest)) {
      const history = [...(this.#histories.get(key) ?? []), value ?? Number.NaN];
      this.#histories.set(key, history.slice(-HISTORY_LENGTH_MAX));
    }
    view?.link(health.sources['pump'] === 'open' ? 'connected' : 'lost');
    view?.learning(asset.learned ?? (asset.phase === 'watching' ? null : 0));
    view?.channels(health.devices['pump']?.channels.map((channel) => this.#rowOf(channel)) ?? []);
    const { accepted, delivered, pending } = this.#storeTotals();
    const samples = this.#countOf('samples_read');
    view?.totals({ samples, noise: this.#noise(), reports: accepted, delivered, waiting: pending });
  }

  /** Says once why the templates stay alone. */
  #takeWriter(writer: Health['writer']): void {
    const trouble = writer?.gaveUp ?? writer?.pausedBy;
    if (trouble === this.#writerTrouble) return;
    this.#writerTrouble = trouble;
    if (trouble !== undefined) this.#options.view?.note(`The language model does not write: ${trouble}`);
  }

  /** A device's channel is called `<stream>.<field>`; the daemon watches it as `<field>`. */
  #rowOf({ name: path, unit }: DeviceChannel): ChannelRow {
    const key = path.slice(path.indexOf('.') + 1);
    const name = key.replaceAll('_', ' ');
    const history = this.#histories.get(key) ?? [];
    return { name, unit, value: history.at(-1) ?? Number.NaN, history, severity: this.#marked.get(key) };
  }

  #takeReport(event: ReportEvent): void {
    const { json, view } = this.#options;
    const isCopy = this.#reports.has(event.id);
    this.#reports.add(event.id);
    const highest = Math.max(this.#highest.get(event.lane) ?? 0, Number(event.sequence));
    this.#highest.set(event.lane, highest);
    if (isCopy) {
      this.#copies += 1;
      return;
    }
    const { data: report } = event;
    const { severity, text, channels, provenance } = report;
    if (provenance.textBy === 'llm') this.#written += 1;
    const writtenBy = provenance.writer && `${this.#options.modelName} in ${provenance.writer.ms} ms`;
    this.#marked = new Map(
      report.event === 'closed' ? [] : channels.map(({ channel }) => [channel, severity]),
    );
    const time = report.updated.time.slice(11, 19);
    view?.report({ time, severity, event: report.event, writtenBy, text });
    if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
  }

  /** The numbers of a lane begin at 1 and have no holes, so the highest ones say how many there must be. */
  #missing(): number {
    const numbered = [...this.#highest.values()].reduce((sum, highest) => sum + highest, 0);
    return Math.max(this.#storeTotals().accepted, numbered) - this.#reports.size;
  }

  #storeTotals() {
    const store = this.#health?.store;
    return typeof store === 'object' ? store : { accepted: 0, delivered: 0, pending: 0 };
  }

  #countOf(counter: string): number {
    return Object.values(this.#health?.counters[counter] ?? {}).reduce((sum, count) => sum + count, 0);
  }

  #noise(): number {
    const names = Object.keys(this.#health?.counters ?? {}).filter((name) => name.startsWith('noise_'));
    return names.reduce((sum, name) => sum + this.#countOf(name), 0);
  }
}
