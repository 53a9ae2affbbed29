import { durationMs } from '../config/duration.ts';
import { loadConfig } from '../config/load.ts';
import { linkOpener } from '../link/open.ts';
import type { Answer } from '../modbus/bus.ts';
import { Bus } from '../modbus/bus.ts';
import { rtu, tcp } from '../modbus/framing.ts';
import { exceptionText } from '../modbus/message.ts';
import {
  answerMsOf,
  framingOf,
  isModbusLink,
  lineTiming,
  type ModbusLink,
  type ModbusSourceConfig,
} from '../modbus-line.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';

/** How a person names a line: by a source of the configuration, or by hand. */
export interface LineOptions {
  readonly config: string;
  readonly source?: string;
  readonly port?: string;
  readonly tcp?: string;
  readonly baud: string;
  readonly parity: string;
  readonly stopBits: string;
  readonly framing?: string;
  readonly timeout: string;
  readonly unit?: string;
  readonly profile?: string;
}

export interface OpenLine extends AsyncDisposable {
  readonly bus: Bus;
  readonly answerMs: number;
  readonly name: string;
}

/**
 * What to ask, as a source would be configured.
 * @throws FieldnoteError BAD_ARGUMENT, naming the option
 */
export function targetOf(options: LineOptions): ModbusSourceConfig {
  const { source, unit, profile = '' } = options;
  const target = source === undefined ? byHand(options) : configured(options.config, source);
  return {
    ...target,
    modbus: {
      ...target.modbus,
      ...(unit !== undefined && { unit: wholeNumber(unit, '--unit', [0, 255]) }),
      ...(profile !== '' && { profile }),
    },
  };
}

/**
 * Opens the line once, for a command; a daemon that has it open keeps it.
 * @throws FieldnoteError LINK_UNAVAILABLE
 */
export async function openLine(target: ModbusSourceConfig): Promise<OpenLine> {
  const clock = systemClock(() => 0);
  const { link: address } = target;
  const bus: Bus = new Bus({
    framing: framingOf(target) === 'tcp' ? tcp() : rtu,
    timing: lineTiming([target]),
    clock,
    send: (frame) => link.write(frame),
  });
  const handlers = {
    onBytes: (bytes: Buffer) => bus.hear(bytes, clock.monoMs()),
    onClose: () => bus.close(),
  };
  const link = await linkOpener(address)(handlers, new AbortController().signal);
  bus.open();
  return {
    ...{ bus, answerMs: answerMsOf(target) },
    name: address.type === 'tcp' ? `${address.host}:${address.port}` : address.path,
    async [Symbol.asyncDispose]() {
      bus.close();
      await link.close();
    },
  };
}

/** What came of a request, in words with what to do; undefined when data came. */
export function troubleOf(answer: Answer): string | undefined {
  switch (answer.kind) {
    case 'data':
      return undefined;
    case 'exception':
      return exceptionText(answer.code);
    case 'silent':
      return 'no answer: check the unit, the wiring (A and B), the rate, the parity and the stop bits';
    case 'damaged':
      return 'damaged answer: check rate and parity, termination, and whether two devices have this unit';
    case 'foreign':
      return 'an answer to something else: another master may be on this line, or the device is very late';
    case 'closed':
      return 'the line was closed';
  }
}

/** @throws FieldnoteError BAD_ARGUMENT */
export function wholeNumber(text: string, option: string, [min, max]: readonly [number, number]): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw badArgument(`${option} ${text}: must be a whole number from ${min} to ${max}`);
}

/** @throws FieldnoteError BAD_ARGUMENT */
export function durationOption(text: string, option: string): number {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw badArgument(`${option} ${text}: must be a duration such as 300ms or 2s`);
}

export function badArgument(message: string): FieldnoteError {
  return new FieldnoteError('BAD_ARGUMENT', message);
}

function configured(path: string, key: string): ModbusSourceConfig {
  const { sources } = loadConfig(path).config;
  const source = sources[key];
  if (source?.modbus === undefined || !isModbusLink(source.link)) {
    const known = Object.keys(sources).filter((other) => sources[other]?.modbus !== undefined);
    throw badArgument(
      `--source ${key}: is no Modbus source of ${path} (there is ${known.join(', ') || 'none'})`,
    );
  }
  return { ...source, link: source.link, modbus: source.modbus };
}

function byHand(options: LineOptions): ModbusSourceConfig {
  const framing = options.framing;
  if (framing !== undefined && framing !== 'rtu' && framing !== 'tcp')
    throw badArgument(`--framing ${framing}: must be rtu or tcp`);
  const timeout = durationOption(options.timeout, '--timeout');
  return {
    ...{ protocol: 'modbus', time: 'arrival', silenceTimeout: 30_000, link: linkOf(options) },
    mavlink: { request: false },
    modbus: { unit: 1, profile: '', every: 1000, timeout, framing, write: [] },
  };
}

function linkOf({ port, tcp: address, baud, parity, stopBits }: LineOptions): ModbusLink {
  if ((port === undefined) === (address === undefined))
    throw badArgument('name the line: --source <key>, --port /dev/… or --tcp <host>:<port>');
  if (address !== undefined) {
    const [, host = '', number = '502'] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(address) ?? [];
    return { type: 'tcp', host, port: wholeNumber(number, '--tcp', [1, 65_535]) };
  }
  if (parity !== 'none' && parity !== 'even' && parity !== 'odd')
    throw badArgument(`--parity ${parity}: must be none, even or odd`);
  return {
    ...{ type: 'serial', path: port ?? '', baudRate: wholeNumber(baud, '--baud', [50, 4_000_000]) },
    ...{ dataBits: 8, parity, stopBits: wholeNumber(stopBits, '--stop-bits', [1, 2]) === 1 ? 1 : 2 },
  };
}
