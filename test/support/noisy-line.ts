import type { ReadStream } from 'node:tty';
import { openTerminal } from '../../src/link/terminal.ts';
import { type Pty, playDevice, startPty } from './pty.ts';
import type { Chunk } from './wire-reader.ts';

/** A line that damages what comes from the device, and keeps a copy of both its ends. What goes to it is unharmed. */
export class NoisyLine implements AsyncDisposable {
  /** As the device sent it, and as it came out. */
  readonly sent: Chunk[] = [];
  readonly received: Chunk[] = [];
  readonly #pty: Pty;
  readonly #damage: (bytes: Uint8Array) => Uint8Array;
  readonly #end: ReadStream;
  #device: ReadStream | undefined;

  /** @param folder where its end appears, as `port` */
  static async lay(folder: string, damage: (bytes: Uint8Array) => Uint8Array): Promise<NoisyLine> {
    return new NoisyLine(await startPty(folder), damage);
  }

  private constructor(pty: Pty, damage: (bytes: Uint8Array) => Uint8Array) {
    this.#pty = pty;
    this.#damage = damage;
    this.#end = playDevice(pty).on('data', (bytes) => this.#device?.write(bytes));
  }

  get receivedSizeBytes(): number {
    return this.received.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** @param path serial port of the device, raw */
  plugIn(path: string): void {
    this.#device = openTerminal(path)
      .on('error', () => undefined)
      .on('data', (bytes: Buffer) => this.#carry(bytes));
  }

  /** Nothing more comes out of it; its end stays. */
  cut(): void {
    this.#device?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#end.destroy();
    await this.#pty.kill();
  }

  #carry(bytes: Buffer): void {
    const monoMs = performance.now();
    const damaged = this.#damage(bytes);
    this.sent.push({ bytes, monoMs });
    this.received.push({ bytes: damaged, monoMs });
    this.#end.write(damaged);
  }
}
