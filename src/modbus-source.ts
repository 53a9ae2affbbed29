import type { LinkState } from './link/reopening.ts';
import type { ModbusProfile } from './modbus/profile.ts';
import { readProfile } from './modbus/read-profile.ts';
import {
  type Block,
  blocksOf,
  type PlacedChannel,
  placedChannels,
  type ReadValue,
} from './modbus/registers.ts';
import { Slave, type SlaveState } from './modbus/slave.ts';
import { answerMsOf, type LineMember, type ModbusLine, type ModbusSourceConfig } from './modbus-line.ts';
import type { Source, SourceOptions } from './source-seam.ts';
import { messageOf } from './system/errors.ts';
import type { Device, DeviceChannel } from './values/device.ts';

/** At most one line in the log about failed requests in so long, for each source; the counters have it all. */
const LOG_INTERVAL_MS = 60_000;

export interface ModbusSourceOptions extends SourceOptions {
  readonly config: ModbusSourceConfig;
  readonly line: ModbusLine;
}

/** One device on a Modbus line as a source: asks it for the registers of its profile, and says how it answers. */
export class ModbusSource implements Source, LineMember {
  readonly #options: ModbusSourceOptions;
  readonly #profile: ModbusProfile | undefined;
  readonly #slave: Slave | undefined;
  readonly #names = new WeakMap<Block, readonly string[]>();
  #linkState = 'opening';
  #slaveState: string | undefined = 'opening';
  #device: Device | undefined;
  #loggedMs = Number.NEGATIVE_INFINITY;

  /** A profile that cannot be used is the state of this source; the others on its line are read all the same. */
  constructor(options: ModbusSourceOptions) {
    this.#options = options;
    try {
      const { profile, blocks } = planOf(options.config);
      this.#profile = profile;
      this.#slave = this.#newSlave(blocks);
    } catch (error) {
      this.#slaveState = `ended: ${messageOf(error)}`;
      options.log.error({ source: options.key }, messageOf(error));
    }
  }

  get state(): string {
    if (this.#slave === undefined) return this.#slaveState ?? 'ended';
    return this.#linkState === 'open' ? (this.#slaveState ?? 'open') : this.#linkState;
  }

  get device() {
    return this.#device && { ...this.#device, timing: undefined };
  }

  get stuck(): string | undefined {
    return this.#slave?.stuck ?? (this.#slave && this.#options.line.stuck);
  }

  get figures(): Readonly<Record<string, unknown>> | undefined {
    return this.#slave && { ...this.#slave.figures };
  }

  start(): void {
    if (this.#slave === undefined) return;
    this.#options.line.join(this);
    this.#slave.start(this.#options.line.bus);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#slave?.stop(), this.#options.line.leave(this)]);
  }

  onState(state: LinkState): void {
    const { key, counters, log } = this.#options;
    this.#linkState = state.kind;
    if (state.kind === 'open') {
      counters.add('link_opened', key);
      log.info({ source: key }, `the line of source ${key} is open`);
      return;
    }
    if (state.error !== undefined) this.#linkState = `${state.kind}: ${state.error.message}`;
    counters.add('link_lost', key);
    log.warn({ source: key, code: state.error?.code }, `source ${key}: ${state.error?.message ?? 'ended'}`);
  }

  onLate(unit: number, latencyMs: number): void {
    const { key, config, counters } = this.#options;
    if (unit !== config.modbus.unit) return;
    counters.add('modbus_late', key);
    this.#slave?.cameLate();
    this.#logSeldom(
      `its answer came after ${Math.round(latencyMs)} ms, too late; a longer modbus.timeout would take it`,
    );
  }

  #newSlave(blocks: readonly Block[]): Slave {
    const { config, key, counters, clock, random } = this.#options;
    return new Slave({
      ...{ unit: config.modbus.unit, blocks, everyMs: config.modbus.every, answerMs: answerMsOf(config) },
      ...{ clock, random },
      onValues: (block, values, monoMs) => this.#handOver(block, values, monoMs),
      onFailure: (kind, detail) => {
        counters.add(`modbus_${kind}`, key);
        this.#logSeldom(detail);
      },
      onState: (state) => this.#follow(state),
    });
  }

  #handOver(block: Block, read: readonly ReadValue[], monoMs: number): void {
    const { key: source, counters, onSample } = this.#options;
    const names = this.#names.get(block) ?? read.map(({ channel }) => channel.name);
    this.#names.set(block, names);
    const values = read.map(({ value, isRefused }) => (isRefused ? Number.NaN : value));
    const refused = read.flatMap(({ channel, value, isRefused }) =>
      isRefused ? [[channel.name, value] as const] : [],
    );
    counters.add('samples_read', source);
    if (refused.length > 0) counters.add('values_refused', source, refused.length);
    onSample({
      ...{ kind: 'sample', source, monoMs, deviceMs: undefined, names, values },
      ...(refused.length > 0 && { refused: new Map(refused) }),
    });
  }

  #follow(state: SlaveState): void {
    const { key, config, log, onGap } = this.#options;
    const { unit } = config.modbus;
    if (state.kind === 'away') {
      this.#slaveState = `waiting: unit ${unit}: ${state.reason}; check address, wiring, rate and parity`;
      log.warn({ source: key, unit }, `source ${key}: ${state.reason}; it is asked seldom until it does`);
      return;
    }
    this.#slaveState = undefined;
    if (state.awayMs !== undefined)
      onGap(`source ${key} was away for ${(state.awayMs / 1000).toFixed(1)} s`, null);
    if (this.#device === undefined) this.#greet();
  }

  /** What the profile knows is what the device would say of itself. */
  #greet(): void {
    const { key: source, config, clock, log, onDevice } = this.#options;
    const channels = (
      this.#profile === undefined ? [] : placedChannels(this.#profile, config.modbus.channels)
    ).map((channel) => channelOf(channel, 1000 / config.modbus.every));
    const board = this.#profile?.title ?? '';
    const device: Device = {
      ...{ kind: 'device', source, monoMs: clock.monoMs(), uid: '', bootId: 0, resetCause: '', firmware: '' },
      ...{ board, channels },
    };
    log.info(
      { source, unit: config.modbus.unit },
      `source ${source} is ${board} at unit ${config.modbus.unit}`,
    );
    this.#device = device;
    onDevice(device);
  }

  #logSeldom(detail: string): void {
    const { key, clock, log } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs - this.#loggedMs < LOG_INTERVAL_MS) return;
    this.#loggedMs = nowMs;
    log.warn({ source: key }, `source ${key}: ${detail}`);
  }
}

/**
 * What a source reads, by its profile.
 * @throws FieldnoteError PROFILE_INVALID
 */
export function planOf({ modbus }: Pick<ModbusSourceConfig, 'modbus'>) {
  const profile = readProfile(modbus.profile);
  const channels = placedChannels(profile, modbus.channels);
  return { profile, channels, blocks: blocksOf(channels, profile) };
}

function channelOf(
  { name, unit, range, counter, states, type }: PlacedChannel,
  rateHz: number,
): DeviceChannel {
  const isState = states !== undefined || type === 'bit';
  return {
    ...{ name, unit, rateHz, isWaveform: false, min: range?.[0], max: range?.[1] },
    quantity: counter ? 'counter' : isState ? 'state' : 'value',
  };
}
