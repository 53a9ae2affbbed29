import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldnoteError } from '../../src/system/errors.ts';
import { type Outcome, Releases } from '../../src/update/releases.ts';
import type { Service, ServiceState } from '../../src/update/service.ts';
import { Updater } from '../../src/update/updater.ts';
import { makerKeys } from './made-update.ts';

/** What an agent does once it is started. */
export type Behaviour =
  | 'runs'
  /** Ends with an exit status after which systemd does not start it again. */
  | 'fails'
  /** Is started again and again. */
  | 'crashes'
  | 'never gets ready'
  /** Is started again when it has long been ready. */
  | 'crashes later';

const READY_AFTER_MS = 3000;
const CRASHES_EVERY_MS = 2000;
/** The program of the package, where there is no release. */
export const PACKAGE = 0;

export const CONFIGURATION = 'site: plant\nnode: pump7\n';

/** A device with the real updater, in a time of its own; a stand-in of systemd starts what `current` points to, and says how it is. */
export class UpdateDevice {
  readonly folder: string;
  readonly releasesFolder: string;
  readonly configurationPath: string;
  readonly said: string[] = [];
  readonly behaviours = new Map<number, Behaviour>();
  keys = [makerKeys.publicKey];
  wallMs = Date.parse('2026-11-25T12:00:00Z');
  monotonicMs = 0;
  crashesLaterAfterMs = 7000;
  /** What else happens while the updater waits. */
  whileWaiting: () => void = () => undefined;
  /** The power is cut, or the updater killed, when it waits or asks for a start for the nth time from now on. */
  cutAfter = Number.POSITIVE_INFINITY;
  #cut = Promise.withResolvers<'cut'>();
  #starts = 0;
  #running = { code: PACKAGE, startedMs: 0, start: 0 };

  constructor(folder: string) {
    this.folder = folder;
    this.releasesFolder = join(folder, 'releases');
    this.configurationPath = join(folder, 'etc', 'fieldnote.yaml');
    mkdirSync(join(this.releasesFolder, 'incoming'), { recursive: true });
    mkdirSync(join(folder, 'etc'), { recursive: true });
    if (!existsSync(this.configurationPath)) writeFileSync(this.configurationPath, CONFIGURATION);
    this.#start();
    this.monotonicMs = READY_AFTER_MS;
  }

  /** Which release an agent is from that is started now. */
  get inUse(): number {
    const link = join(this.releasesFolder, 'current');
    return existsSync(link) ? Number(readlinkSync(link)) : PACKAGE;
  }

  /** Which release the agent is from that runs. */
  get runs(): number {
    return this.#running.code;
  }

  get configuration(): string {
    return readFileSync(this.configurationPath, 'utf8');
  }

  get state() {
    return this.releases().state();
  }

  releases(): Releases {
    return new Releases({ folder: this.releasesFolder, configurationPath: this.configurationPath });
  }

  updater(): Updater {
    return new Updater({
      releases: this.releases(),
      keys: () => this.keys,
      device: { architecture: 'arm64', site: 'plant', node: 'pump7' },
      installed: { storeSchema: 9, builtMs: Date.parse('2026-11-01T00:00:00Z') },
      service: this.service,
      check: async (folder) => expectGood(join(folder, 'fieldnote.yaml')),
      say: (line) => this.said.push(line),
      nowMs: () => this.wallMs,
      monotonicMs: () => this.monotonicMs,
      sleep: async (durationMs) => this.pass(durationMs),
    });
  }

  place(bundle: Uint8Array, name = 'a.update'): string {
    const path = join(this.releasesFolder, 'incoming', name);
    writeFileSync(path, bundle);
    return path;
  }

  /** @returns what came of it, or that it was cut */
  apply(bundle: Uint8Array): Promise<Outcome | 'cut'> {
    return this.#untilCut(this.updater().apply(this.place(bundle)));
  }

  /** What systemd does when the device starts. The power may be cut once more meanwhile. */
  async boot(cutAfter = Number.POSITIVE_INFINITY): Promise<void> {
    this.cutAfter = cutAfter;
    this.monotonicMs = 0;
    const updater = this.updater();
    await updater.recover();
    this.#start();
    await this.#untilCut(updater.endTrial());
  }

  async pass(durationMs: number): Promise<void> {
    this.wallMs += durationMs;
    this.monotonicMs += durationMs;
    this.whileWaiting();
    await this.#goOn();
  }

  service: Service = {
    restart: async () => {
      await this.#goOn();
      this.#start();
    },
    state: async () => this.#state(),
  };

  /** Never, once it is cut: nothing of the updater may happen any more, not even what it does about an error. */
  async #goOn(): Promise<void> {
    this.cutAfter--;
    if (this.cutAfter > 0) return;
    this.cutAfter = Number.POSITIVE_INFINITY;
    this.#cut.resolve('cut');
    await new Promise(() => undefined);
  }

  #untilCut<T>(work: Promise<T>): Promise<T | 'cut'> {
    this.#cut = Promise.withResolvers<'cut'>();
    return Promise.race([work, this.#cut.promise]);
  }

  #start(): void {
    this.#starts++;
    this.#running = { code: this.inUse, startedMs: this.monotonicMs, start: this.#starts };
  }

  #state(): ServiceState {
    const { code, startedMs, start } = this.#running;
    const forMs = this.monotonicMs - startedMs;
    const behaviour = this.behaviours.get(code) ?? 'runs';
    const restarts = this.#restartsAfter(behaviour, forMs);
    return { active: activeAfter(behaviour, forMs), restarts, invocation: `${start}-${restarts}` };
  }

  #restartsAfter(behaviour: Behaviour, forMs: number): number {
    if (behaviour === 'crashes') return Math.floor(forMs / CRASHES_EVERY_MS);
    return behaviour === 'crashes later' && forMs >= this.crashesLaterAfterMs ? 1 : 0;
  }
}

function activeAfter(behaviour: Behaviour, forMs: number): string {
  if (behaviour === 'fails') return forMs < CRASHES_EVERY_MS ? 'activating' : 'failed';
  if (behaviour === 'crashes' || behaviour === 'never gets ready') return 'activating';
  return forMs < READY_AFTER_MS ? 'activating' : 'active';
}

function expectGood(configurationPath: string): void {
  if (existsSync(configurationPath) && readFileSync(configurationPath, 'utf8').includes('broken'))
    throw new FieldnoteError('UPDATE_REFUSED', 'its agent refuses the configuration');
}
