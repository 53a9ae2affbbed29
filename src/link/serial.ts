import { readdir } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import type { LinkConfig } from '../config/schema.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { linkOver, type OpenLinkFunction } from './open-link.ts';
import { openTerminal } from './terminal.ts';

/**
 * A serial port is opened twice. The binding of `serialport` sets raw mode, rate and framing and holds the
 * lock (flock); it never reads, because its reader spins for ever when a port vanishes with unread data
 * (node-serialport/bindings-cpp#162) and costs several times more. A second descriptor is read and written by
 * Node's own `tty.ReadStream`. It must be a second one: libuv replaces the descriptor of a terminal by its own,
 * and with the binding's descriptor the lock would be gone.
 */

export type SerialConfig = Extract<LinkConfig, { type: 'serial' }>;

/** Names of ports that stay the same from boot to boot (udev). */
const BY_ID = '/dev/serial/by-id';

/** Opens, configures and locks a serial port, without flow control, and reads it. */
export function serialOpener(config: SerialConfig): OpenLinkFunction {
  const { path } = config;
  const closeReason = (cause: Error | undefined) => lost(path, cause);
  return async (handlers) => {
    const { port, stream } = await openTwice(config).catch((cause) => unavailable(config, cause));
    return linkOver({ stream, handlers, isLive: true, closeReason, release: () => port.close() });
  };
}

async function openTwice({ path, baudRate, dataBits, parity, stopBits }: SerialConfig) {
  const settings = { path, baudRate, dataBits, parity, stopBits, hupcl: false, lock: true };
  const port = await SerialPort.binding.open(settings);
  try {
    return { port, stream: openTerminal(path) };
  } catch (error) {
    await port.close();
    throw error;
  }
}

async function unavailable(config: SerialConfig, cause: unknown): Promise<never> {
  const reason = serialAdvice({ problem: messageOf(cause), config, ports: await portsById() });
  const context = { path: config.path, baudRate: config.baudRate };
  throw new FieldnoteError('LINK_UNAVAILABLE', `Cannot open ${config.path}: ${reason}`, context, cause);
}

function lost(path: string, cause: Error | undefined): FieldnoteError {
  const reason = cause === undefined ? 'the device was unplugged or went away' : messageOf(cause);
  return new FieldnoteError('LINK_LOST', `Lost ${path}: ${reason}`, { path }, cause);
}

async function portsById(): Promise<string[]> {
  const names = await readdir(BY_ID).catch(() => []);
  return names.map((name) => `${BY_ID}/${name}`);
}

/**
 * What a person can do when a port does not open.
 * @param problem message of the binding, which carries the text of errno and no code
 * @param ports what is plugged in, by identity
 */
export function serialAdvice({
  problem,
  config,
  ports,
}: {
  readonly problem: string;
  readonly config: SerialConfig;
  readonly ports: readonly string[];
}): string {
  if (/No such (file|device)/.test(problem)) {
    const present = ports.length === 0 ? 'no USB serial port is plugged in' : `present: ${ports.join(', ')}`;
    return `there is no such port (${present})`;
  }
  if (/Permission denied/.test(problem))
    return 'permission denied; add the user to the group that owns the port (dialout on Debian)';
  if (/Cannot lock port|Device or resource busy/.test(problem)) return 'it is in use by another program';
  if (/Inappropriate ioctl|Input\/output error/.test(problem))
    return `there is no serial port behind it (${problem})`;
  if (/Invalid argument/.test(problem))
    return `its driver does not take ${config.baudRate} baud with ${config.dataBits} data bits, parity ${config.parity}, ${config.stopBits} stop bits`;
  return problem;
}
