import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, newFolder } from './daemon.ts';

/** A broker from a Debian package, on a port and in a folder of its own. */
export interface RealBroker extends AsyncDisposable {
  /** With its version, such as `mosquitto 2.0.11`. */
  readonly name: string;
  readonly port: number;
  /** Starts it on the same port and with the same files as before. Resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** RabbitMQ takes its time on a small machine. */
const START_TIMEOUT_MS = 120_000;

/** Version of a Debian package without the revision of Debian. */
export function versionOf(debianPackage: string): string {
  const { stdout } = spawnSync('dpkg', ['-s', debianPackage], { encoding: 'utf8' });
  return /^Version: ([^-+\n]*)/m.exec(stdout)?.[1] ?? '';
}

/** NATS with its MQTT gateway, which needs JetStream for sessions and retained messages. */
export function startNats(): Promise<RealBroker> {
  return startBroker('NATS', 'nats-server', async (folder, port) => {
    const config = join(folder, 'nats.conf');
    const lines = [
      'server_name: fieldnote',
      `listen: 127.0.0.1:${await freePort()}`,
      `jetstream { store_dir: "${folder}/js" }`,
      `mqtt { listen: "127.0.0.1:${port}" }`,
    ];
    writeFileSync(config, lines.join('\n'));
    return { command: 'nats-server', args: ['-c', config], environment: {} };
  });
}

/** RabbitMQ with its MQTT plugin, and with the daemon of Erlang that would outlive it. */
export async function startRabbitMq(): Promise<RealBroker> {
  const epmdPort = String(await freePort());
  const epmd = spawn('epmd', ['-port', epmdPort, '-address', '127.0.0.1'], { stdio: 'ignore' });
  const broker = await startBroker('RabbitMQ', 'rabbitmq-server', async (folder, port) => {
    const settings = [
      `listeners.tcp.1 = 127.0.0.1:${await freePort()}`,
      `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
      'mqtt.allow_anonymous = true',
    ];
    writeFileSync(join(folder, 'rabbitmq.conf'), settings.join('\n'));
    writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_mqtt].');
    const environment = {
      ...{ HOME: folder, ERL_EPMD_PORT: epmdPort, ERL_EPMD_ADDRESS: '127.0.0.1' },
      ...{ RABBITMQ_NODENAME: `fieldnote-${port}@localhost`, RABBITMQ_DIST_PORT: String(await freePort()) },
      ...{ RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'), RABBITMQ_CONF_ENV_FILE: '/dev/null' },
      ...{ RABBITMQ_MNESIA_BASE: join(folder, 'db'), RABBITMQ_LOG_BASE: join(folder, 'log') },
      ...{ RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins') },
    };
    return { command: '/usr/lib/rabbitmq/bin/rabbitmq-server', args: [], environment };
  });
  return {
    ...broker,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      epmd.kill();
    },
  };
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

async function startBroker(
  title: string,
  debianPackage: string,
  prepare: (folder: string, port: number) => Promise<Launch>,
): Promise<RealBroker> {
  const { path: folder, ...parts } = await newFolder();
  const port = await freePort();
  const { command, args, environment } = await prepare(folder, port);
  let child: ChildProcess | undefined;
  const broker: RealBroker = {
    name: `${title} ${versionOf(debianPackage)}`,
    port,
    async start() {
      const env = { ...process.env, ...environment };
      // A group of its own: what it starts ends with it.
      child = spawn(command, args, { stdio: 'ignore', env, detached: true });
      await eventually(() => answers(port), START_TIMEOUT_MS);
    },
    async stop() {
      if (child?.pid === undefined) return;
      const exited = once(child, 'exit');
      process.kill(-child.pid, 'SIGTERM');
      child = undefined;
      await exited;
    },
    async [Symbol.asyncDispose]() {
      await broker.stop();
      await parts[Symbol.asyncDispose]();
    },
  };
  await broker.start();
  return broker;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function answers(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
