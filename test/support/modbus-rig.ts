import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { linkOpener } from '../../src/link/open.ts';
import { type Answer, Bus, type BusOptions, type BusTiming } from '../../src/modbus/bus.ts';
import { rtu } from '../../src/modbus/framing.ts';
import { systemClock } from '../../src/system/clock.ts';
import { type Conduct, registerOf } from './odd-slave.ts';
import { type Pty, startPty } from './pty.ts';
import { DEBIAN_PYTHON } from './python.ts';

export const clock = systemClock(() => 0);

/** A pseudo-terminal with a process that plays the slaves on it. */
export interface SlavePort extends AsyncDisposable {
  readonly pty: Pty;
}

/** The slaves that are ours, and that misbehave at every so many requests. */
export function startOddSlave(units: readonly number[], every: number, conduct: Conduct): Promise<SlavePort> {
  const program = join(import.meta.dirname, '../system/odd-slave-node.ts');
  const settings = JSON.stringify({ units, every, conduct });
  return startSlave((path) => [process.execPath, program, path, settings], 'stdout');
}

/** Slaves by pymodbus, which is not ours. */
export function startPymodbus(units: readonly number[]): Promise<SlavePort> {
  const program = join(import.meta.dirname, '../system/modbus-slave.py');
  return startSlave((path) => [DEBIAN_PYTHON, program, 'serial', path, units.join(',')], undefined);
}

async function startSlave(
  command: (path: string) => readonly string[],
  readyOn: 'stdout' | undefined,
): Promise<SlavePort> {
  const pty = await startPty();
  const [program = '', ...options] = command(pty.devicePath);
  const child: ChildProcess = spawn(program, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  if (readyOn !== undefined && child.stdout !== null) await once(child.stdout, 'data');
  return {
    pty,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await pty.kill();
    },
  };
}

export interface TestLine extends AsyncDisposable {
  readonly bus: Bus;
  readonly late: readonly number[];
}

/** A bus over a pseudo-terminal, with times of its own choice. */
export async function openTestLine(
  path: string,
  timing: BusTiming,
  options: Pick<BusOptions, 'hasQuarantine'> = {},
): Promise<TestLine> {
  const late: number[] = [];
  const bus: Bus = new Bus({
    ...{ framing: rtu, timing, clock, ...options, onLate: (_, ms) => late.push(ms) },
    send: (frame) => link.write(frame),
  });
  const open = linkOpener({
    ...{ type: 'serial', path, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 },
  });
  const handlers = {
    onBytes: (bytes: Buffer) => bus.hear(bytes, clock.monoMs()),
    onClose: () => bus.close(),
  };
  const link = await open(handlers, new AbortController().signal);
  bus.open();
  return {
    ...{ bus, late },
    async [Symbol.asyncDispose]() {
      bus.close();
      await link.close();
    },
  };
}

/** What came of many reads, by the value that each should have given. */
export interface Tally {
  right: number;
  wrong: number;
  failed: number;
}

export function tallyIn(tally: Tally, answer: Answer, address: number, unit = 1): void {
  if (answer.kind !== 'data') tally.failed += 1;
  else if (new DataView(answer.data.buffer).getUint16(0) === registerOf(unit, address)) tally.right += 1;
  else tally.wrong += 1;
}
