import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../src/system/errors.ts';
import { Board, SUPPLY_V } from './board.ts';
import { seededRandom } from './noise.ts';
import { createPump, type Pump, type PumpChannel, type PumpReading } from './pump.ts';
import { DEMO_TIMELINE, followTimeline } from './scenario.ts';

/**
 * The pump with a microcontroller on it: an emulated Arduino Uno runs the firmware of this repository, its analog inputs
 * are six of the pump's sensors, and a unix socket takes the place of its serial port.
 *
 *   node demo/pump-board.ts --socket /tmp/pump.sock --seed 1 --speed 25
 *
 * The board is powered on by the first reader and keeps real time from then on, so that its clock and its baud rate are
 * true; only the pump is `speed` times faster. Where the machine cannot emulate the board in real time, the board's core is
 * slowed down by wait states and its clock is not. As a child process with an IPC channel it says how many wait states there
 * are, first when it listens, and ends with its parent.
 */

export interface PumpBoardOptions {
  readonly socketPath: string;
  readonly pump: Pump;
  /** Decides over the noise on the line. */
  readonly random: () => number;
  /** Seconds of the pump per second of the board. */
  readonly speed: number;
  readonly bootCount: number;
  /** Wait states of the board's core to begin with. */
  readonly waitStates: number;
  /** The machine could not keep up, so the board's core was slowed down. */
  readonly onSlower: (waitStates: number) => void;
  /** Share of bytes that arrive damaged, 0 to 1; one in 4000 when absent. */
  readonly damagedShare?: number;
}

export interface PumpBoard {
  /** Hangs up and removes the socket. */
  close(): void;
}

interface AnalogInput {
  readonly name: PumpChannel;
  readonly scale: number;
  readonly offset?: number;
}

const FIRMWARE = join(import.meta.dirname, '../firmware-bridge');
const HEX = readFileSync(join(FIRMWARE, 'ports/avr/UnoPump.hex'), 'utf8');

/** What the firmware takes its analog inputs for, A0 first. */
const INPUTS: readonly AnalogInput[] = JSON.parse(
  readFileSync(join(FIRMWARE, 'examples/UnoPump/descriptor.json'), 'utf8'),
).streams[0].fields;

/** The firmware adds four readings of 10 bits. */
const FULL_SCALE = 4 * 1024;

/** Time of the board from one state of the pump to the next, five for each sample. */
const PUMP_STEP_S = 0.004;
const TURN_MS = 10;
/** Most time of the board in one turn, so that a board that is behind still hears its serial port. */
const TURN_MAX_S = 0.1;
/** So far behind means that the machine does not keep up. */
const LAG_S = 0.25;
/** What one more wait state brings is seen after so long. */
const SLOWER_INTERVAL_MS = 1000;
/** Time that passed beyond that, as in a suspended process, did not pass for the board. */
const LAG_MAX_S = 2;
/** With more of them the core would miss bytes that it is sent. */
const WAIT_STATES_MAX = 4;
/** Bytes that wait for a reader; what comes then is lost, as on a wire that nobody listens to. */
const UNREAD_SIZE_MAX = 64 * 1024;

/** The volts that the sensors make of a reading, in the order of the analog inputs. */
export function sensorVolts(reading: PumpReading): number[] {
  return INPUTS.map(
    ({ name, scale, offset = 0 }) => (SUPPLY_V * (reading[name] - offset)) / (scale * FULL_SCALE),
  );
}

/** Starts to listen. Rejects when the socket cannot be made, such as when the path is taken. */
export async function startPumpBoard(options: PumpBoardOptions): Promise<PumpBoard> {
  const { socketPath, random, bootCount, waitStates, damagedShare = 1 / 4000 } = options;
  let reader: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sent: number[] = [];

  const onByte = (byte: number) =>
    sent.push(random() < damagedShare ? byte ^ (1 << Math.floor(8 * random())) : byte);
  const board = new Board({ hex: HEX, bootCount, onByte });
  board.waitStates = waitStates;
  const followTime = timeFollower(options, board);

  const turn = () => {
    followTime(performance.now());
    if ((reader?.writableLength ?? 0) < UNREAD_SIZE_MAX) reader?.write(Uint8Array.from(sent));
    sent = [];
    timer = setTimeout(turn, TURN_MS);
  };

  const server = createServer((socket) => {
    reader?.destroy();
    reader = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (reader === socket) reader = undefined;
    });
    socket.on('data', (bytes) => board.receive(bytes));
    if (timer === undefined) turn();
  });

  await once(server.listen(socketPath), 'listening');
  return {
    close() {
      clearTimeout(timer);
      server.close();
      reader?.destroy();
    },
  };
}

/** Lets the board and its pump follow real time, from the first call on. */
function timeFollower({ pump, speed, onSlower }: PumpBoardOptions, board: Board): (nowMs: number) => void {
  let startMs: number | undefined;
  let slowedMs = 0;
  return (nowMs) => {
    startMs = Math.max(startMs ?? nowMs, nowMs - 1000 * (board.timeS + LAG_MAX_S));
    const nowS = (nowMs - startMs) / 1000;
    const isBehind = nowS - board.timeS > LAG_S && nowMs - slowedMs > SLOWER_INTERVAL_MS;
    if (isBehind && board.waitStates < WAIT_STATES_MAX) {
      slowedMs = nowMs;
      onSlower(++board.waitStates);
    }
    for (const endS = Math.min(nowS, board.timeS + TURN_MAX_S); board.timeS < endS; ) {
      board.inputsV.splice(0, INPUTS.length, ...sensorVolts(pump.step(speed * PUMP_STEP_S)));
      board.runUntil(board.timeS + PUMP_STEP_S);
    }
  };
}

const TRIAL_MS = { warmUp: 250, measured: 100 } as const;
/** Share of the machine's speed that may be relied on: the daemon wants some of it, too. */
const RELIABLE_SHARE = 0.8;

/** The fewest wait states with which this machine can emulate the board in real time. */
export function neededWaitStates(): number {
  const board = new Board({ hex: HEX, bootCount: 0, onByte() {} });
  speedOf(board, TRIAL_MS.warmUp); // slow: the code is not compiled yet
  const isFastEnough = () => speedOf(board, TRIAL_MS.measured) * RELIABLE_SHARE >= 1;
  while (board.waitStates < WAIT_STATES_MAX && !isFastEnough()) board.waitStates++;
  return board.waitStates;
}

/** Seconds of the board per second. */
function speedOf(board: Board, trialMs: number): number {
  const [startMs, startS] = [performance.now(), board.timeS];
  while (performance.now() - startMs < trialMs) board.runUntil(board.timeS + PUMP_STEP_S);
  return (1000 * (board.timeS - startS)) / (performance.now() - startMs);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`--${name} ${text} must be a number above 0`);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      socket: { type: 'string' },
      seed: { type: 'string', default: '1' },
      speed: { type: 'string', default: '1' },
    },
  });
  if (values.socket === undefined)
    throw new RangeError('--socket PATH is missing: where the board should listen');
  const seed = positive('seed', values.seed);
  return {
    socketPath: values.socket,
    pump: createPump({ seed, scenario: followTimeline(DEMO_TIMELINE) }),
    random: seededRandom(seed + 1),
    speed: positive('speed', values.speed),
    bootCount: Math.floor(seed),
  };
}

async function main(): Promise<void> {
  const options = readArguments();
  const waitStates = neededWaitStates();
  const onSlower = (more: number) => process.send?.({ waitStates: more } satisfies PumpBoardMessage);
  const device = await startPumpBoard({ ...options, waitStates, onSlower });
  const end = () => {
    device.close();
    process.exit();
  };
  process.once('disconnect', end).once('SIGTERM', end).once('SIGINT', end);
  onSlower(waitStates);
}

/** What the child process says. */
export interface PumpBoardMessage {
  readonly waitStates: number;
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(`pump-board: ${messageOf(error)}`);
    process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
  });
}
