import { createServer, type Server, type Socket } from 'node:net';
import { faultyBurst, healthyBurst, SHAFT_HZ } from './bearing-burst.ts';
import { BridgeDevice } from './bridge-device.ts';

export const BURST_ROWS = 4096;
const SPEED_STREAM = 1;
const BURST_STREAM = 2;
const BURST_INTERVAL_MS = 400;
const SPEED_INTERVAL_MS = 100;
const SCALE = 0.001;

const STREAMS = [
  { id: SPEED_STREAM, name: 'shaft', fields: [{ name: 'speed', type: 'f32', unit: '1/min' }] },
  {
    id: BURST_STREAM,
    name: 'shaker',
    rate: 12_000,
    burst: BURST_ROWS,
    fields: [{ name: 'z', type: 'i16', unit: 'g', scale: SCALE }],
  },
] as const;

/**
 * A device of firmware-bridge behind a Unix socket that tells the speed of a shaft, and sends what an accelerometer on
 * its bearing hears in bursts.
 */
export class BearingDevice implements Disposable {
  /** Its outer race is damaged. */
  isFaulty = false;
  /** It does not tell the speed. */
  isSpeedMute = false;
  readonly #device = new BridgeDevice({ streams: STREAMS });
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #timers: readonly NodeJS.Timeout[];
  #burstCount = 0;

  constructor(path: string) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
      socket.on('data', (bytes) => this.#send(this.#device.receive(bytes, this.#tick)));
    });
    this.#server.listen(path);
    this.#timers = [
      setInterval(() => this.#tellSpeed(), SPEED_INTERVAL_MS),
      setInterval(() => this.#sendBurst(), BURST_INTERVAL_MS),
    ];
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Microseconds. */
  get #tick(): number {
    return Math.floor(performance.now() * 1000);
  }

  #tellSpeed(): void {
    if (!this.isSpeedMute) this.#send([this.#device.data(SPEED_STREAM, this.#tick, [[SHAFT_HZ * 60]])]);
  }

  #sendBurst(): void {
    const seed = ++this.#burstCount;
    const values = this.isFaulty
      ? faultyBurst(BURST_ROWS, seed, 'outer race')
      : healthyBurst(BURST_ROWS, seed);
    const rows = Array.from(values, (value) => [Math.round(value / SCALE)]);
    this.#send(this.#device.burst(BURST_STREAM, this.#tick, rows));
  }

  #send(frames: readonly Uint8Array[]): void {
    for (const socket of this.#sockets) for (const frame of frames) socket.write(frame);
  }
}
