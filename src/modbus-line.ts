import { placeOf } from './config/place.ts';
import type { LinkConfig, SourceConfig } from './config/schema.ts';
import { linkOpener } from './link/open.ts';
import { Link, type LinkState } from './link/reopening.ts';
import { Bus, type BusTiming } from './modbus/bus.ts';
import { rtu, tcp } from './modbus/framing.ts';
import type { Clock } from './system/clock.ts';

/** Silence that ends what is left over of a reply: USB adapters hold bytes back for up to 16 ms, twice in a row at worst. */
const SETTLE_MS = 50;
/** What a USB adapter and the kernel add to the time on the line, both ways. */
const ADAPTER_MS = 40;
/** Above this rate 3.5 characters are a fixed time (MODBUS over Serial Line 1.02, section 2.5.1.1). */
const FIXED_SILENCE_BAUD = 19_200;
const FIXED_SILENCE_MS = 1.75;
const SILENCE_CHARACTERS = 3.5;
/** A link that gives nothing for so many rounds, or for two of the longest back-offs, is opened again. */
const SILENT_ROUNDS = 3;
const SILENT_MS_MIN = 120_000;

export type ModbusLink = Extract<LinkConfig, { type: 'serial' | 'tcp' | 'unix' }>;

/** Whether requests can be sent there; a recording, datagrams and chips cannot be asked. */
export function isModbusLink(link: LinkConfig): link is ModbusLink {
  return link.type === 'serial' || link.type === 'tcp' || link.type === 'unix';
}

/** A source that is a device on a Modbus line. */
export type ModbusSourceConfig = SourceConfig & {
  readonly link: ModbusLink;
  readonly modbus: NonNullable<SourceConfig['modbus']>;
};

export interface ModbusLineOptions {
  /** Key of its first source, for messages. */
  readonly source: string;
  readonly configs: readonly ModbusSourceConfig[];
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface LineMember {
  onState(state: LinkState): void;
  /** A reply of its unit came too late. */
  onLate(unit: number, latencyMs: number): void;
}

/** One line with its devices: a link that is kept open, and the bus over it. It is open while any of its sources is. */
export class ModbusLine {
  readonly bus: Bus;
  readonly #link: Link;
  readonly #members = new Set<LineMember>();

  constructor({ source, configs, clock, random }: ModbusLineOptions) {
    const [first] = configs;
    if (first === undefined) throw new Error('a line has at least one source');
    const roundMs = Math.max(...configs.map(({ modbus }) => modbus.every));
    this.bus = new Bus({
      ...{ framing: framingOf(first) === 'tcp' ? tcp() : rtu, timing: lineTiming(configs), clock },
      send: (frame) => this.#link.write(frame),
      onLate: (unit, latencyMs) => {
        for (const member of this.#members) member.onLate(unit, latencyMs);
      },
    });
    this.#link = new Link({
      ...{ source, open: linkOpener(first.link), clock, random },
      silenceTimeoutMs: Math.max(SILENT_MS_MIN, SILENT_ROUNDS * roundMs),
      onBytes: (bytes, monoMs) => this.bus.hear(bytes, monoMs),
      onState: (state) => {
        if (state.kind === 'open') this.bus.open();
        else this.bus.close();
        for (const member of this.#members) member.onState(state);
      },
    });
  }

  /** Why it stands still; undefined while it works, also when the line is away or no device answers. */
  get stuck(): string | undefined {
    return this.#link.stuck ?? this.bus.stuck;
  }

  join(member: LineMember): void {
    this.#members.add(member);
    if (this.#members.size === 1) this.#link.start();
  }

  async leave(member: LineMember): Promise<void> {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    this.bus.close();
    await this.#link.stop();
  }
}

/** Sources with the same one share a line. */
export function lineOf({ link }: Pick<SourceConfig, 'link'>): string {
  return placeOf(link);
}

export function framingOf({ link, modbus }: ModbusSourceConfig): 'rtu' | 'tcp' {
  return modbus.framing ?? (link.type === 'tcp' ? 'tcp' : 'rtu');
}

/** How long a device may take to begin its answer, with what the way to it adds. */
export function answerMsOf({ link, modbus }: ModbusSourceConfig): number {
  return modbus.timeout + (link.type === 'serial' ? ADAPTER_MS : 0);
}

/** The times of a line by its rate and framing. */
export function lineTiming(configs: readonly ModbusSourceConfig[]): BusTiming {
  const [first] = configs;
  const pauses = configs.flatMap(({ modbus }) => modbus.pause ?? []);
  const longestMs = pauses.length === 0 ? undefined : Math.max(...pauses);
  if (first?.link.type !== 'serial') return { characterMs: 0, pauseMs: longestMs ?? 0, settleMs: SETTLE_MS };
  const { baudRate, dataBits, parity, stopBits } = first.link;
  const characterMs = ((1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits) * 1000) / baudRate;
  const silenceMs = baudRate > FIXED_SILENCE_BAUD ? FIXED_SILENCE_MS : SILENCE_CHARACTERS * characterMs;
  return { characterMs, pauseMs: longestMs ?? silenceMs, settleMs: Math.max(SETTLE_MS, silenceMs) };
}
