import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { SensorFaultKind } from '../../src/values/incident.ts';

const RATE_HZ = 100;
const BURST_MS = 10;

/** Noise repeats after so many lines, so that whoever learned for a second has seen all of it. */
const NOISE_LINES = 100;

/** Amplitudes of the noise, in units of the channels. */
const NOISE = { vib: 0.2, bar: 0.1, amps: 0.3 } as const;

/** Values that a broken vibration sensor gives, by what is wrong with it; undefined for none at all. */
const BROKEN_VIB: Readonly<Record<SensorFaultKind, (vib: number, line: number) => number | undefined>> = {
  stuck: () => 2.0625,
  'dropped-out': () => undefined,
  spiking: (vib, line) => (line % 17 === 0 ? vib + 100 : vib),
  saturated: (vib) => Math.min(2 + 4 * (vib - 2), 2.375),
  'out-of-range': () => -5,
  'clock-jump': (vib) => vib,
};
const CLOCK_JUMP_MS = 3_600_000;

/** Channels of the machine as a configuration has them. */
export const MACHINE_CHANNELS = {
  vibration: { from: 'mcu.vib', unit: 'mm/s', name: 'drive-end vibration', range: [0, 1000] },
  pressure: { from: 'mcu.bar', unit: 'bar', name: 'discharge pressure' },
  current: { from: 'mcu.amps', unit: 'A', name: 'motor current' },
} as const;

/**
 * A machine with three sensors that speak over a Unix socket: 100 lines of JSON a second to whoever is connected, each
 * with the machine's own time. Time passes without a reader too, and so do the lines.
 */
export class Machine implements Disposable {
  readonly path: string;
  /** Its vibration is five times the normal. */
  isFaulty = false;
  /** What is wrong with its vibration sensor, or with its clock. */
  sensorFault: SensorFaultKind | undefined;
  /** Says nothing while it is set; time passes. */
  isMute = false;
  /** Lines since the beginning. */
  lineCount = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
      socket.resume();
    });
    this.#server.listen(path);
    this.#timer = setInterval(() => this.#burst(), BURST_MS);
  }

  get readerCount(): number {
    return this.#sockets.size;
  }

  /** Sends these bytes, between two lines. */
  send(bytes: string | Uint8Array): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** Ends the connection to whoever reads. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Hangs up and goes, with its socket. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#server.close();
    this.hangUp();
    rmSync(this.path, { force: true });
  }

  #burst(): void {
    const dueCount = Math.floor(((performance.now() - this.#startedMs) / 1000) * RATE_HZ);
    let text = '';
    for (; this.lineCount < dueCount; this.lineCount++) text += machineLine(this.lineCount, this);
    if (!this.isMute) this.send(text);
  }
}

interface MachineFaults {
  readonly isFaulty: boolean;
  readonly sensorFault: SensorFaultKind | undefined;
}

/** What such a machine says at a time, counted in lines. */
function machineLine(line: number, { isFaulty, sensorFault }: MachineFaults): string {
  const noise = (channel: number) => noiseAt(line, channel);
  const vib = (isFaulty ? 10 : 2) + NOISE.vib * noise(0);
  const read = sensorFault === undefined ? vib : BROKEN_VIB[sensorFault](vib, line);
  const values = { vib: read, bar: 5 + NOISE.bar * noise(1), amps: 12 + NOISE.amps * noise(2) };
  const jumpMs = sensorFault === 'clock-jump' ? CLOCK_JUMP_MS : 0;
  return `${JSON.stringify({ ms: (line * 1000) / RATE_HZ + jumpMs, ...values })}\n`;
}

/** A recording of such a machine: so many seconds, faulty from one to another. */
export function machineRecording(seconds: number, fault?: { fromS: number; toS: number }): string {
  const isFaulty = (line: number) =>
    fault !== undefined && line >= fault.fromS * RATE_HZ && line < fault.toS * RATE_HZ;
  return Array.from({ length: seconds * RATE_HZ }, (_, line) =>
    machineLine(line, { isFaulty: isFaulty(line), sensorFault: undefined }),
  ).join('');
}

/** −1 to 1, another sequence for each channel: the fraction of a large sine is as good as random here. */
function noiseAt(line: number, channel: number): number {
  const large = Math.sin(((line % NOISE_LINES) + 1) * (channel + 1) * 12.9898) * 43758.5453;
  return (large - Math.floor(large)) * 2 - 1;
}

/** A configuration that watches such a machine, with durations a hundredth of the usual ones. */
export function machineConfig({ dataDir, socketPath, brokerPort }: MachineConfigOptions) {
  return {
    site: 'plant',
    node: 'pump7',
    dataDir,
    sources: { mcu: { link: { type: 'unix', path: socketPath }, protocol: 'text', time: 'device' } },
    assets: {
      pump: {
        name: 'Feed pump 7',
        channels: MACHINE_CHANNELS,
        window: { rateHz: 100, length: '100ms', step: '20ms', hold: '1s' },
        learn: { for: '1s' },
        incident: { openAfter: '100ms', closeAfter: '200ms', mergeWithin: '0s', updateEvery: '1s' },
      },
    },
    mqtt: { url: `mqtt://127.0.0.1:${brokerPort}`, healthInterval: '100ms', ackTimeout: '1s' },
  };
}

export interface MachineConfigOptions {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly brokerPort: number;
}
