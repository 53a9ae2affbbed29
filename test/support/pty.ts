import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadStream } from 'node:tty';
import { openTerminal } from '../../src/link/terminal.ts';

/** Two joined pseudo-terminals: what is written into one comes out of the other. Needs socat. */
export interface Pty {
  /** The end that the test plays the device on. */
  readonly devicePath: string;
  /** The end that is opened as a serial port. */
  readonly portPath: string;
  readonly folder: string;
  /** Unplugs: hangs both ends up at once and removes their names with the folder. May be called again. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 5000;

/**
 * Starts a pair. End it with `kill`.
 * @param folder where the two names appear; that of a killed pair plugs the device in again at the same path
 */
export async function startPty(folder?: string): Promise<Pty> {
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'fieldnote-pty-')));
  await mkdir(place, { recursive: true });
  const [devicePath, portPath] = [join(place, 'device'), join(place, 'port')];
  // The device's end is raw; the port's end is left as a new terminal is, with echo, for the link to set.
  const ends = [`pty,raw,echo=0,link=${devicePath}`, `pty,link=${portPath}`];
  const socat = spawn('socat', ends, { stdio: 'ignore' });
  await bothAppear(devicePath, portPath);
  return {
    devicePath,
    portPath,
    folder: place,
    async kill() {
      await end(socat);
      await rm(place, { recursive: true, force: true });
    },
  };
}

/** Opens the device's end, to write as the device and to hear what it is sent. */
export function playDevice(pty: Pty): ReadStream {
  // Unplugging fails a device that is writing; that is what the test is about, not its fault.
  return openTerminal(pty.devicePath).on('error', () => undefined);
}

async function bothAppear(...paths: string[]): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const results = await Promise.allSettled(paths.map((path) => access(path)));
    if (results.every(({ status }) => status === 'fulfilled')) return;
    await sleep(5);
  }
  throw new Error(`socat made no pseudo-terminals at ${paths.join(', ')} within ${START_TIMEOUT_MS} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
