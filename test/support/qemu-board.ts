import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { Board } from './board.ts';
import { eventually } from './daemon.ts';

/** Where QEMU takes commands (QMP). */
interface Monitor {
  readonly socket: Socket;
  readonly lines: Interface;
}

export interface QemuBoardOptions {
  readonly elf: string;
  /** Becomes a symbolic link to the serial port of the board. */
  readonly portPath: string;
  /** The temperature that its sensor has when it starts. */
  readonly degreesC: number;
}

/**
 * An LM3S6965 evaluation board (Cortex-M3) with a TMP105 temperature sensor on its I2C bus, emulated by QEMU. Its serial
 * port is a pseudo-terminal; a file has a copy of all that the firmware sent.
 */
export class QemuBoard implements AsyncDisposable {
  readonly #board: Board;
  readonly #options: QemuBoardOptions;
  #monitor: Monitor | undefined;

  static async plugIn(options: QemuBoardOptions): Promise<QemuBoard> {
    const board = new QemuBoard(options);
    try {
      await board.#boot();
      return board;
    } catch (error) {
      await board.unplug();
      throw error;
    }
  }

  private constructor(options: QemuBoardOptions) {
    this.#options = options;
    this.#board = new Board('qemu-system-arm', [
      ...['-M', 'lm3s6965evb', '-kernel', options.elf, '-display', 'none', '-monitor', 'none'],
      ...['-chardev', `pty,id=uart,logfile=${this.#copyPath},logappend=off`, '-serial', 'chardev:uart'],
      ...['-device', 'tmp105,id=bearing,address=0x48'],
      // It waits to be told to begin, so that the firmware never sees the sensor without its temperature.
      ...['-qmp', `unix:${this.#monitorPath},server=on,wait=off`, '-S'],
    ]);
  }

  /** What the firmware has sent since it started. */
  get sent(): Buffer {
    return readFileSync(this.#copyPath);
  }

  async heatTo(degreesC: number): Promise<void> {
    const sensor = { path: '/machine/peripheral/bearing', property: 'temperature' };
    await this.#execute('qom-set', { ...sensor, value: Math.round(degreesC * 1000) });
  }

  /** The name of the port goes first: once the port is gone, another program may get its number. */
  async unplug(): Promise<void> {
    rmSync(this.#options.portPath, { force: true });
    await this.#board.kill();
    this.#monitor?.socket.destroy();
    rmSync(this.#monitorPath, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }

  async #boot(): Promise<void> {
    const port = await eventually(() => {
      const path = /redirected to (\S+)/.exec(this.#board.output)?.[1];
      if (path !== undefined && existsSync(this.#monitorPath)) return path;
      throw new Error(`QEMU has not opened its ports: ${this.#board.output}`);
    });
    const socket = connect(this.#monitorPath).on('error', () => undefined);
    this.#monitor = { socket, lines: createInterface({ input: socket }) };
    // It greets with a line before it takes anything.
    await once(this.#monitor.lines, 'line');
    await this.#execute('qmp_capabilities');
    await this.heatTo(this.#options.degreesC);
    rmSync(this.#options.portPath, { force: true });
    symlinkSync(port, this.#options.portPath);
    await this.#execute('cont');
  }

  /** One at a time. @throws what QEMU answers when it cannot */
  async #execute(execute: string, options: Record<string, unknown> = {}): Promise<void> {
    if (this.#monitor === undefined) throw new Error(`QEMU is not there to ${execute}`);
    const { socket, lines } = this.#monitor;
    const answered = Promise.withResolvers<void>();
    const hear = (line: string) => {
      const { return: result, error } = JSON.parse(line);
      if (error !== undefined) answered.reject(new Error(`QEMU cannot ${execute}: ${error.desc}`));
      else if (result !== undefined) answered.resolve();
    };
    lines.on('line', hear);
    socket.write(`${JSON.stringify({ execute, arguments: options })}\n`);
    await answered.promise.finally(() => lines.off('line', hear));
  }

  get #copyPath(): string {
    return `${this.#options.portPath}.sent`;
  }

  get #monitorPath(): string {
    return `${this.#options.portPath}.qmp`;
  }
}
