import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A device behind a stream socket. */
export interface SocketDevice {
  readonly server: Server;
  /** Connections so far, the latest last. */
  readonly sockets: Socket[];
  /** TCP port; 0 for a Unix socket. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a device; `listen` says where. Each new connection is passed to `onConnect`. */
export async function startSocketDevice(
  listen: ListenOptions,
  onConnect: (socket: Socket) => void = () => undefined,
): Promise<SocketDevice> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    onConnect(socket);
  });
  await once(server.listen(listen), 'listening');
  const port = (server.address() as AddressInfo).port ?? 0;
  return {
    server,
    sockets,
    port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A path for a Unix socket or a file, in a new folder that goes with the test. */
export async function newPath(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldnote-link-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, name);
}
