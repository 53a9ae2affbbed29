import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, newFolder } from './daemon.ts';

/** Debian's mosquitto on a port of its own; needs the package mosquitto. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** Starts it on the same port as before. Resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it in order. It keeps what it has acknowledged and not yet delivered, and delivers it after a start. */
  stop(): Promise<void>;
  /** Ends it as a power cut would, at once. */
  kill(): Promise<void>;
  /** It hangs: it takes bytes and answers none, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/**
 * Starts a broker with persistence, which Debian's configuration has too. Without it, and when the broker is killed
 * with -9, it loses reports that it has acknowledged to the daemon and not yet passed on: no publisher can repair that.
 * @param settings more lines of its configuration
 */
export async function startMosquitto(settings: readonly string[] = []): Promise<Mosquitto> {
  const parts = new AsyncDisposableStack();
  const { path: folder } = parts.use(await newFolder());
  const port = await freePort();
  const configPath = join(folder, 'mosquitto.conf');
  writeFileSync(
    configPath,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      // It starts as root here and would become a user that cannot write into the folder.
      'user root',
      'persistence true',
      `persistence_location ${folder}/`,
      'max_queued_messages 0',
      ...settings,
    ].join('\n'),
  );
  let child: ChildProcess | undefined;
  const mosquitto: Mosquitto = {
    port,
    async start() {
      child = spawn('mosquitto', ['-c', configPath], { stdio: 'ignore' });
      await eventually(() => answers(port));
    },
    async stop() {
      if (child === undefined) return;
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      child = undefined;
      await exited;
    },
    async kill() {
      const exited = child && once(child, 'exit');
      child?.kill('SIGKILL');
      child = undefined;
      await exited;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await mosquitto.stop();
      await parts.disposeAsync();
    },
  };
  await mosquitto.start();
  return mosquitto;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
