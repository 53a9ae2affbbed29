import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import type { Health } from '../../src/health.ts';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import { run } from '../deb/run.ts';

const RATE_HZ = 10;

/** What the emulated machine watches: a pump with two sensors behind one USB cable, a JSON line at a time. */
export class Pump {
  isFaulty = false;
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Sends through the other end of the cable until it is pulled. */
  plugInto(cable: Socket): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => cable.write(`${JSON.stringify(this.#reading())}\n`), 1000 / RATE_HZ);
    cable.on('error', () => undefined).on('close', () => clearInterval(this.#timer));
    // What the kernel says to its end is not read by a sensor, but it must not wait either.
    cable.resume();
  }

  /** A flow that swings and noise that never repeats soon; the fault is a hot bearing and a falling pressure. */
  #reading(): { readonly temp: number; readonly bar: number } {
    this.#lines += 1;
    const noise = Math.sin(this.#lines * 12.9898) * 0.5 + Math.sin(this.#lines * 78.233) * 0.5;
    const swing = Math.sin(this.#lines / 25);
    const rounded = (value: number) => Math.round(value * 1000) / 1000;
    const temp = 40 + swing * 0.5 + noise * 0.2 + (this.isFaulty ? 25 : 0);
    const bar = 3 + swing * 0.1 + noise * 0.05 - (this.isFaulty ? 1.5 : 0);
    return { temp: rounded(temp), bar: rounded(bar) };
  }
}

/** Mosquitto on the host, with a password, and somebody who listens to everything. */
export class Broker implements AsyncDisposable {
  readonly port: number;
  /** In the order of their arrival, copies included. */
  readonly reports: ReportEvent[] = [];
  health: Health | undefined;
  readonly #process: ChildProcess;
  readonly #client: MqttClient;

  private constructor(port: number, broker: ChildProcess, client: MqttClient, root: string) {
    this.port = port;
    this.#process = broker;
    this.#client = client.on('message', (topic, payload) => {
      if (topic.startsWith(`${root}/incident/`)) this.reports.push(JSON.parse(payload.toString()));
      if (topic === `${root}/health`) this.health = JSON.parse(payload.toString());
    });
  }

  /** @param root the topics of the machine: fieldnote/<site>/<node> */
  static async start(folder: string, root: string, login: { username: string; password: string }) {
    const port = await freePort();
    const passwords = join(folder, 'broker-passwords');
    writeFileSync(passwords, '');
    chmodSync(passwords, 0o600);
    run('mosquitto_passwd', ['-b', passwords, login.username, login.password]);
    const settings = join(folder, 'mosquitto.conf');
    writeFileSync(settings, `listener ${port} 127.0.0.1\npassword_file ${passwords}\nuser root\n`);
    const broker = spawn('mosquitto', ['-c', settings], { stdio: 'ignore' });
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { ...login, reconnectPeriod: 100 });
    client.on('error', () => undefined);
    const started = new Broker(port, broker, client, root);
    await client.subscribeAsync(`${root}/#`, { qos: 1 });
    return started;
  }

  /** Without those about the sensor and without the other words of the language model. */
  machineReports(): readonly ReportEvent[] {
    return this.reports.filter(
      ({ data }) => data.kind === 'machine' && data.provenance.textBy === 'template',
    );
  }

  /** Incidents of which the latest report that has arrived is not the last one. */
  openIncidents(): readonly string[] {
    const events = new Map(this.reports.map(({ data }) => [data.id, data.event]));
    return [...events].filter(([, event]) => event !== 'closed').map(([id]) => id);
  }

  /** How many reports the machine has accepted in all, by its latest health; undefined while its store is away. */
  acceptedCount(): number | undefined {
    return typeof this.health?.store === 'object' ? this.health.store.accepted : undefined;
  }

  pendingCount(): number | undefined {
    return typeof this.health?.store === 'object' ? this.health.store.pending : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
    this.#process.kill('SIGTERM');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
