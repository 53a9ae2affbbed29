import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { messageOf } from '../src/system/errors.ts';
import { seededRandom } from './noise.ts';
import { createPump, type Pump } from './pump.ts';
import { DEMO_TIMELINE, followTimeline } from './scenario.ts';
import { damage, restOf, serialLine } from './serial-text.ts';

/**
 * The pump as a device on a byte link: a unix socket takes the place of the serial port.
 *
 *   node demo/pump-device.ts --socket /tmp/pump.sock --seed 1 --speed 25 --rate 10
 *
 * Time starts with the first reader. From then on it passes without one too, so that a reader that comes back finds
 * itself in the middle of a line. While a reader is too slow time stands still: nothing piles up beyond the buffer
 * of its socket. As a child process with an IPC channel the device says `listening` and ends with its parent.
 */

export interface PumpDeviceOptions {
  readonly socketPath: string;
  readonly pump: Pump;
  /** Decides over jitter and damage. */
  readonly random: () => number;
  /** Samples per second of simulated time. */
  readonly rateHz: number;
  /** Simulated seconds per second. */
  readonly speed: number;
  /** Share of lines that arrive damaged, 0 to 1; one in 400 when absent. */
  readonly damagedShare?: number;
}

export interface PumpDevice {
  /** Hangs up and removes the socket. */
  close(): void;
}

/** Pause from one burst to the next: drivers of USB serial ports hand over what came in since the last one. */
const BURST_MS = { shortest: 10, longest: 40 } as const;

/** Most lines in a burst. Time that passed beyond that, as in a suspended process, did not pass for the pump. */
const BURST_LINES_MAX = 500;

/** Starts to listen. Rejects when the socket cannot be made, such as when the path is taken. */
export async function startPumpDevice(options: PumpDeviceOptions): Promise<PumpDevice> {
  const { socketPath, random, rateHz, speed } = options;
  const nextLine = lineSource(options);
  let reader: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastMs = 0;
  let owedLines = 0;

  const burst = () => {
    const nowMs = performance.now();
    const isStalled = reader?.writableNeedDrain ?? false;
    if (!isStalled)
      owedLines = Math.min(BURST_LINES_MAX, owedLines + ((nowMs - lastMs) / 1000) * rateHz * speed);
    lastMs = nowMs;
    const chunks: Buffer[] = [];
    for (; !isStalled && owedLines >= 1; owedLines--) chunks.push(nextLine());
    if (chunks.length > 0) reader?.write(Buffer.concat(chunks));
    timer = setTimeout(burst, BURST_MS.shortest + random() * (BURST_MS.longest - BURST_MS.shortest));
  };

  const server = createServer((socket) => {
    reader?.destroy();
    reader = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (reader === socket) reader = undefined;
    });
    socket.resume();
    socket.write(restOf(nextLine().toString(), random));
    if (timer !== undefined) return;
    lastMs = performance.now();
    burst();
  });

  await listen(server, socketPath);
  return {
    close() {
      clearTimeout(timer);
      server.close();
      reader?.destroy();
    },
  };
}

/** Lines of the pump, one per sample, some of them damaged. */
function lineSource({ pump, random, rateHz, damagedShare = 1 / 400 }: PumpDeviceOptions): () => Buffer {
  return () => {
    const line = serialLine(pump.step(1 / rateHz));
    return random() < damagedShare ? damage(line, random) : Buffer.from(line);
  };
}

function listen(server: ReturnType<typeof createServer>, socketPath: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(socketPath, () => resolve());
  return promise;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`--${name} ${text} must be a number above 0`);
}

function readArguments(): PumpDeviceOptions {
  const { values } = parseArgs({
    options: {
      socket: { type: 'string' },
      seed: { type: 'string', default: '1' },
      speed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '10' },
    },
  });
  if (values.socket === undefined)
    throw new RangeError('--socket PATH is missing: where the device should listen');
  const seed = positive('seed', values.seed);
  return {
    socketPath: values.socket,
    pump: createPump({ seed, scenario: followTimeline(DEMO_TIMELINE) }),
    random: seededRandom(seed + 1),
    rateHz: positive('rate', values.rate),
    speed: positive('speed', values.speed),
  };
}

async function main(): Promise<void> {
  const device = await startPumpDevice(readArguments());
  const end = () => {
    device.close();
    process.exit();
  };
  process.once('disconnect', end).once('SIGTERM', end).once('SIGINT', end);
  process.send?.('listening');
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(`pump-device: ${messageOf(error)}`);
    process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
  });
}
