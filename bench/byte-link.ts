import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { playDevice, startPty } from '../test/support/pty.ts';

/** A link to play a device on. */
export interface ByteLink {
  readonly kind: 'pseudo-terminal' | 'unix socket';
  /** The other end, as a source names it in the configuration. */
  readonly config: { readonly type: 'serial' | 'unix'; readonly path: string };
  /** Sends bytes to whoever has opened the other end. */
  send(bytes: Buffer): void;
  close(): Promise<void>;
}

/** A pseudo-terminal where there is socat to make one; otherwise a Unix socket. */
export async function openByteLink(folder: string, name: string): Promise<ByteLink> {
  const hasSocat = spawnSync('socat', ['-V']).status === 0;
  return hasSocat ? pseudoTerminal(join(folder, name)) : unixSocket(join(folder, `${name}.sock`));
}

/** For `await using`. */
export async function disposableLink(folder: string, name: string): Promise<ByteLink & AsyncDisposable> {
  const link = await openByteLink(folder, name);
  return { ...link, [Symbol.asyncDispose]: () => link.close() };
}

async function pseudoTerminal(folder: string): Promise<ByteLink> {
  const pty = await startPty(folder);
  const device = playDevice(pty);
  return {
    kind: 'pseudo-terminal',
    config: { type: 'serial', path: await realpath(pty.portPath) },
    send: (bytes) => device.write(bytes),
    async close() {
      device.destroy();
      await pty.kill();
    },
  };
}

/** A Unix socket with the device behind it; also tells when the first reader has come. */
export async function unixSocket(path: string, onReader: () => void = () => undefined): Promise<ByteLink> {
  let reader: Socket | undefined;
  const server = createServer((socket) => {
    reader = socket.on('error', () => socket.destroy());
    onReader();
  });
  await once(server.listen(path), 'listening');
  return {
    kind: 'unix socket',
    config: { type: 'unix', path },
    send: (bytes) => reader?.write(bytes),
    async close() {
      reader?.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
