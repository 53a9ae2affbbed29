import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Board } from './boards.ts';

/** An emulated core is 20 to 60 times slower than a real one. */
const COMMAND_TIMEOUT_MS = 240_000;
const BOOT_TIMEOUT_MS = 420_000;
const RETRY_MS = 1000;
const SHELL_SETTINGS =
  'TERM=dumb SYSTEMD_COLORS=0 SYSTEMD_URLIFY=0 SYSTEMD_PAGER= COLUMNS=120 LC_ALL=C.UTF-8';
/** Control sequences of a terminal, such as bash's switching bracketed paste on and off (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_SEQUENCES = /\x1b\[[0-9;:?]*[a-zA-Z]|\r/g;

export interface MachineOptions {
  readonly board: Board;
  /** Holds the kernel and the initrd that were built, and the sockets and the console's log of this machine. */
  readonly folder: string;
  /** Its card; what it writes stays there. */
  readonly cardPath: string;
}

interface Ports {
  readonly shell: Socket;
  readonly control: Socket;
  readonly sensorPath: string;
  readonly usbBus: string | undefined;
}

/** An arm64 computer that QEMU emulates, with the card in it and a root shell on a console that only an emulated machine has. */
export class Machine implements AsyncDisposable {
  readonly #qemu: ChildProcess;
  readonly #shell: Socket;
  readonly #control: Socket;
  readonly #sensorPath: string;
  readonly #usbBus: string | undefined;
  #hasAdapter = false;
  #said = '';
  #answered = '';
  #commands = 0;

  private constructor(qemu: ChildProcess, { shell, control, sensorPath, usbBus }: Ports) {
    this.#qemu = qemu;
    this.#usbBus = usbBus;
    this.#shell = shell.setEncoding('utf8').on('data', (text) => {
      this.#said += text;
    });
    this.#control = control.setEncoding('utf8').on('data', (text) => {
      this.#answered += text;
    });
    this.#sensorPath = sensorPath;
  }

  /** Switches it on and waits for its shell. */
  static async start({ board, folder, cardPath }: MachineOptions): Promise<Machine> {
    const [shellPath, controlPath, sensorPath] = ['shell', 'control', 'sensor'].map((name) =>
      join(folder, `${name}.sock`),
    ) as [string, string, string];
    const consolePath = join(folder, `console-${board.name}.log`);
    const qemu = spawn(
      'qemu-system-aarch64',
      [
        ...['-accel', 'tcg,thread=multi', '-display', 'none', '-monitor', 'none', '-no-reboot'],
        ...['-qmp', `unix:${controlPath},server=on,wait=off`],
        ...board.commandLine({ folder, cardPath, shellPath, consolePath }),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const control = await connected(controlPath, qemu);
    const shell = await connected(shellPath, qemu);
    const machine = new Machine(qemu, { shell, control, sensorPath, usbBus: board.usbBus });
    await machine.control('qmp_capabilities');
    await machine.#waitForShell();
    return machine;
  }

  /**
   * What a command of the machine's shell prints.
   * @throws Error when its exit status is not 0, or it takes too long
   */
  async run(command: string, timeoutMs = COMMAND_TIMEOUT_MS): Promise<string> {
    this.#commands += 1;
    const name = `end${this.#commands}`;
    this.#said = '';
    // What the terminal repeats is not mistaken for the answer: there the mark is in two parts.
    this.#shell.write(`( ${command}\n) 2>&1; printf '\\n%s=%s;\\n' ${name} $?\n`);
    const end = new RegExp(`([^]*)\\n${name}=(\\d+);`);
    const answer = await eventually(
      () => end.exec(this.#said.replace(CONTROL_SEQUENCES, '')),
      timeoutMs,
      () => this.#qemu.exitCode !== null,
    );
    if (answer === null) {
      const how = this.#qemu.exitCode === null ? 'did not end in time' : 'has gone off';
      throw new Error(`the machine ${how}: ${command}\n${this.#said}`);
    }
    const [, output = '', status] = answer;
    if (status !== '0') throw new Error(`the machine says ${status}: ${command}\n${output}`);
    return output.trim();
  }

  /** Runs a command until what it prints fits; how it ends does not matter. */
  async waitFor(command: string, pattern: RegExp, timeoutMs = BOOT_TIMEOUT_MS): Promise<string> {
    const endMs = Date.now() + timeoutMs;
    for (;;) {
      const output = await this.run(`${command} || true`);
      if (pattern.test(output)) return output;
      if (Date.now() > endMs) throw new Error(`${command} never said ${pattern}, but:\n${output}`);
      await sleep(RETRY_MS);
    }
  }

  /** A command of QEMU's machine protocol. */
  async control(execute: string, parameters: object = {}): Promise<void> {
    this.#answered = '';
    this.#control.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
    const answer = await eventually(() => /"(return|error)".*/.exec(this.#answered), COMMAND_TIMEOUT_MS);
    if (answer?.[1] !== 'return') throw new Error(`QEMU does not ${execute}: ${answer?.[0]}`);
  }

  /** Pulls the network cable, or puts it in again. */
  async link(isUp: boolean): Promise<void> {
    await this.control('set_link', { name: 'network', up: isUp });
  }

  /** Plugs in a USB serial adapter, and gives its other end; the adapter is unplugged when that is closed. */
  async plugSensor(): Promise<Socket> {
    if (!this.#hasAdapter) await this.#addAdapter();
    this.#hasAdapter = true;
    return connected(this.#sensorPath, this.#qemu);
  }

  /** Plugs in a USB stick that cannot be written. */
  async plugStick(imagePath: string): Promise<void> {
    const bus = this.#expectUsb();
    const file = { driver: 'file', filename: imagePath };
    await this.control('blockdev-add', { driver: 'raw', 'node-name': 'stick', 'read-only': true, file });
    await this.control('device_add', { driver: 'usb-storage', drive: 'stick', bus, id: 'stick' });
  }

  #expectUsb(): string {
    if (this.#usbBus === undefined) throw new Error('this board has no USB');
    return this.#usbBus;
  }

  async #addAdapter(): Promise<void> {
    const bus = this.#expectUsb();
    const backend = {
      type: 'socket',
      data: { addr: { type: 'unix', data: { path: this.#sensorPath } }, server: true, wait: false },
    };
    await this.control('chardev-add', { id: 'sensor', backend });
    await this.control('device_add', {
      driver: 'usb-serial',
      chardev: 'sensor',
      bus,
      id: 'adapter',
    });
  }

  /** The power fails: nothing is written, nobody is told. */
  async cutPower(): Promise<void> {
    if (this.#qemu.exitCode !== null || this.#qemu.signalCode !== null) return;
    const exited = once(this.#qemu, 'exit');
    this.#qemu.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
  }

  async #waitForShell(): Promise<void> {
    const isThere = await eventually(() => {
      this.#shell.write(`stty -echo; export ${SHELL_SETTINGS}; PS1= PS2=; echo shell-$((40 + 2))\n`);
      return /shell-42/.exec(this.#said);
    }, BOOT_TIMEOUT_MS);
    if (isThere === null) throw new Error(`the machine has no shell: ${this.#said}`);
  }
}

async function connected(path: string, qemu: ChildProcess): Promise<Socket> {
  for (;;) {
    if (qemu.exitCode !== null) throw new Error(`QEMU ended with ${qemu.exitCode}`);
    const socket = createConnection(path);
    try {
      await once(socket, 'connect');
      // It ends when the power is cut.
      return socket.on('error', () => undefined);
    } catch {
      // Its socket is not there yet.
      await sleep(RETRY_MS);
    }
  }
}

/** What `look` gives as soon as it is not null, or null when the time is over. */
async function eventually<T>(
  look: () => T | null,
  timeoutMs: number,
  isHopeless: () => boolean = () => false,
): Promise<T | null> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== null || Date.now() > endMs || isHopeless()) return found;
    await sleep(RETRY_MS / 4);
  }
}
