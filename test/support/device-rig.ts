import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CounterName } from '../../src/system/counters.ts';
import type { DeviceTiming } from '../../src/values/device.ts';
import { Daemon, eventually, newFolder, writeConfig } from './daemon.ts';
import { startMosquitto } from './mosquitto.ts';
import { type ReportSubscriber, subscribeTo } from './report-subscriber.ts';

/** Key of the only source. */
const SOURCE = 'board';

/** A serial port for a device that describes itself, the daemon, mosquitto, and somebody who subscribes. */
export class DeviceRig implements AsyncDisposable {
  readonly folder: string;
  /** The port that the daemon opens; the test makes it, in a folder of its own. */
  readonly portPath: string;
  readonly subscriber: ReportSubscriber;
  readonly #parts: AsyncDisposableStack;
  readonly #configPath: string;

  /** @param asset settings of the asset that watches all that the device measures; undefined for none */
  static async setUp(asset?: Record<string, unknown>): Promise<DeviceRig> {
    const parts = new AsyncDisposableStack();
    const mosquitto = parts.use(await startMosquitto());
    const subscriber = parts.use(await subscribeTo(mosquitto.port, 'fieldnote/plant/skid1'));
    // A configuration takes serial ports below /dev only, and there everybody may write.
    const { path: folder } = parts.use(await newFolder('/dev/shm'));
    const portFolder = join(folder, 'line');
    await mkdir(portFolder);
    const portPath = join(portFolder, 'port');
    const configPath = writeConfig(folder, {
      site: 'plant',
      node: 'skid1',
      dataDir: join(folder, 'data'),
      sources: { [SOURCE]: { link: { type: 'serial', path: portPath } } },
      assets: asset === undefined ? {} : { bearing: { source: SOURCE, ...asset } },
      mqtt: { url: `mqtt://127.0.0.1:${mosquitto.port}`, healthInterval: '100ms' },
    });
    return new DeviceRig({ parts, subscriber, folder, portPath, configPath });
  }

  private constructor({ parts, subscriber, folder, portPath, configPath }: DeviceRigParts) {
    this.folder = folder;
    this.portPath = portPath;
    this.subscriber = subscriber;
    this.#parts = parts;
    this.#configPath = configPath;
  }

  start(): Daemon {
    return this.#parts.use(new Daemon(this.#configPath));
  }

  /** Ends something with the rig, before what was there earlier. */
  use<Part extends AsyncDisposable>(part: Part): Part {
    return this.#parts.use(part);
  }

  /** Waits until the device has said who it is; gives its boot id. With `after`, for another one than that. */
  bootId(after?: number): Promise<number> {
    return eventually(() => {
      const bootId = this.subscriber.health?.devices[SOURCE]?.bootId;
      if (bootId !== undefined && bootId !== after) return bootId;
      throw new Error(`health has no ${after === undefined ? 'device' : 'other boot'}: ${this.#state}`);
    });
  }

  /** Of the source, by the latest health. */
  count(name: CounterName): number {
    return this.subscriber.health?.counters[name]?.[SOURCE] ?? 0;
  }

  /** What the daemon counted that a good line and a good device do not cause, once the device has described itself. */
  get faults(): Record<string, number> {
    const entries = Object.entries(this.subscriber.health?.counters ?? {})
      .filter(([name]) => /^(noise_(?!undescribed)|frames_lost_|samples_lost_)/.test(name))
      .map(([name, counts]) => [name, counts[SOURCE] ?? 0]);
    return Object.fromEntries(entries);
  }

  get timing(): DeviceTiming | undefined {
    return this.subscriber.health?.devices[SOURCE]?.timing;
  }

  /** Waits until the daemon has so many samples. */
  samples(count: number, timeoutMs?: number): Promise<void> {
    return eventually(() => {
      if (this.count('samples_read') < count)
        throw new Error(`${this.count('samples_read')} of ${count} samples have come: ${this.#state}`);
    }, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  get #state(): string {
    return JSON.stringify(this.subscriber.health?.sources ?? 'no health yet');
  }
}

interface DeviceRigParts {
  readonly parts: AsyncDisposableStack;
  readonly subscriber: ReportSubscriber;
  readonly folder: string;
  readonly portPath: string;
  readonly configPath: string;
}
