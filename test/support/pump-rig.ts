import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Books } from '../../src/store/ledger.ts';
import { Daemon, eventually, newFolder, writeConfig } from './daemon.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { type Pty, playDevice, startPty } from './pty.ts';
import { PUMP_CHANNELS, PumpPlayer, type PumpRecording } from './pump-recording.ts';
import { type ReportSubscriber, subscribeTo } from './report-subscriber.ts';

/**
 * Times of the recordings divided by 100, as they are played; but the hold, so that a machine that stands still for half
 * a second loses no sample.
 */
const WINDOW = { rateHz: 100, length: '150ms', step: '10ms', hold: '500ms' };
export const WINDOW_ROWS = 15;
export const LEARNED_ROWS = 400;
const LEARN = { for: '4s' };
const INCIDENT = { openAfter: '50ms', closeAfter: '200ms', mergeWithin: '0s', updateEvery: '1s' };

const { flow, pressure, current, voltage, ...others } = PUMP_CHANNELS;
const settings = { window: WINDOW, learn: LEARN, incident: INCIDENT };

/** One asset with all channels, and two with some of them, so that more happens. */
export const PUMP_ASSETS = {
  pump: { name: 'Feed pump', channels: PUMP_CHANNELS, ...settings },
  hydraulics: { name: 'Hydraulics', channels: { flow, pressure, water: others.water }, ...settings },
  motor: { name: 'Motor', channels: { current, voltage, vibration_de: others.vibration_de }, ...settings },
};

/** A recorded pump behind a serial port, the daemon, mosquitto, and somebody who subscribes. */
export class PumpRig implements AsyncDisposable {
  readonly mosquitto: Mosquitto;
  readonly subscriber: ReportSubscriber;
  readonly player: PumpPlayer;
  readonly #parts: AsyncDisposableStack;
  readonly #portFolder: string;
  readonly #dataDir: string;
  readonly #configPath: string;
  #pty: Pty | undefined;

  static async setUp(
    assets: Record<string, unknown>,
    rowAt: (index: number) => PumpRecording['rows'][number],
  ) {
    const parts = new AsyncDisposableStack();
    const mosquitto = parts.use(await startMosquitto());
    const subscriber = parts.use(await subscribeTo(mosquitto.port, 'fieldnote/plant/skid1'));
    // A configuration takes serial ports below /dev only, and there everybody may write.
    const folder = parts.use(await newFolder('/dev/shm'));
    const player = parts.use(new PumpPlayer(rowAt));
    return new PumpRig({ parts, mosquitto, subscriber, player, folder: folder.path, assets });
  }

  private constructor({ parts, mosquitto, subscriber, player, folder, assets }: PumpRigParts) {
    this.mosquitto = mosquitto;
    this.subscriber = subscriber;
    this.player = player;
    this.#parts = parts;
    this.#portFolder = join(folder, 'port');
    this.#dataDir = join(folder, 'data');
    this.#configPath = writeConfig(folder, {
      site: 'plant',
      node: 'skid1',
      dataDir: this.#dataDir,
      sources: {
        mcu: {
          link: { type: 'serial', path: join(this.#portFolder, 'port') },
          protocol: 'text',
          time: 'device',
        },
      },
      assets,
      mqtt: { url: `mqtt://127.0.0.1:${mosquitto.port}`, healthInterval: '100ms', ackTimeout: '1s' },
    });
  }

  async plugIn(): Promise<void> {
    this.#pty = await startPty(this.#portFolder);
    this.player.plugInto(playDevice(this.#pty));
  }

  async unplug(): Promise<void> {
    this.player.plugInto(undefined);
    await this.#pty?.kill();
  }

  start(): Daemon {
    return this.#parts.use(new Daemon(this.#configPath));
  }

  /** What a stopped daemon has left in its store. */
  books(): Books {
    using database = new DatabaseSync(join(this.#dataDir, 'fieldnote.db'), { readOnly: true });
    const read = `SELECT sum(accepted) AS accepted, sum(delivered) AS delivered, sum(expired) AS expired,
      sum(evicted) AS evicted, sum(quarantined) AS quarantined, (SELECT count(*) FROM outbox) AS pending FROM lane`;
    return { ...(database.prepare(read).get() as unknown as Books) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
    await this.#parts.disposeAsync();
  }
}

interface PumpRigParts {
  readonly parts: AsyncDisposableStack;
  readonly mosquitto: Mosquitto;
  readonly subscriber: ReportSubscriber;
  readonly player: PumpPlayer;
  readonly folder: string;
  readonly assets: Record<string, unknown>;
}

/** Waits until the daemon has made so many reports from now on. */
export async function reportsMade(daemon: Daemon, count = 1): Promise<void> {
  const first = daemon.log.length;
  await eventually(() => {
    const made = daemon.log.slice(first).filter((line) => 'revision' in line).length;
    if (made < count) throw new Error(`${made} of ${count} reports were made`);
  });
}
