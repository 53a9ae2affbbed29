import { type KeyObject, randomUUID } from 'node:crypto';
import { rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Manifest } from './bundle.ts';
import { illnessOf } from './health-gate.ts';
import { outcomeLine } from './outcome-line.ts';
import { type Device, refusalOf } from './refusal.ts';
import type { Outcome, Releases, Trial } from './releases.ts';
import type { Service } from './service.ts';
import { takePayload } from './unpack.ts';

/** A trial that did not come to its end in so many starts of the device is given up. */
const BOOTS_MAX = 2;

export interface UpdaterOptions {
  readonly releases: Releases;
  /** Read anew for each bundle. */
  readonly keys: () => readonly KeyObject[];
  readonly device: Omit<Device, 'highestSequence' | 'storeSchema' | 'nowMs'>;
  /** What the package that is installed can say: the schema of its store, and when it was built. */
  readonly installed: { readonly storeSchema: number; readonly builtMs: number };
  readonly service: Service;
  /** Throws when a configuration does not pass the check of a staged release. */
  readonly check: (releaseFolder: string, manifest: Manifest) => Promise<void>;
  readonly say: (line: string) => void;
  /** Time of day, which may be wrong. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly sleep: (durationMs: number) => Promise<unknown>;
}

/** Takes updates, tries them, and goes back. It is part of the package, never of an update: the way back does not depend on it. */
export class Updater {
  readonly #options: UpdaterOptions;

  constructor(options: UpdaterOptions) {
    this.#options = options;
  }

  /** After a start of the device, before the agent's: a trial is on, goes back, or there is none. */
  async recover(): Promise<void> {
    const { releases, say } = this.#options;
    const { trial } = await releases.state();
    if (trial === undefined) return;
    if (trial.failure !== undefined) {
      this.#tell(await releases.rollBack(trial, trial.failure, this.#now()));
      return;
    }
    const counted = await releases.countBoot(trial);
    if (counted.boots > BOOTS_MAX - 1) {
      const reason = `the device started ${counted.boots} times before it had proved itself`;
      this.#tell(await releases.rollBack(counted, reason, this.#now()));
      return;
    }
    await releases.putInPlace(counted);
    say(`update ${trial.sequence} (${trial.name}) is still being tried`);
  }

  /** After the agent's start: ends a trial that a power cut, or the end of the updater alone, has interrupted. */
  async endTrial(): Promise<void> {
    const { releases, service } = this.#options;
    const { trial } = await releases.state();
    if (trial === undefined) return;
    if (trial.failure !== undefined) {
      await this.#goBack(trial, trial.failure);
      return;
    }
    // What runs was started before the trial: it is another agent.
    if ((await service.state()).invocation === trial.invocationBefore) await this.#start(trial);
    else await this.#watch(trial);
  }

  /** Takes a bundle and removes it, whatever comes of it. */
  async apply(bundlePath: string): Promise<Outcome> {
    const { releases } = this.#options;
    const known: { manifest?: Manifest } = {};
    let trial: Trial;
    try {
      const manifest = await this.#take(bundlePath, known);
      trial = await releases.beginTrial(manifest, (await this.#options.service.state()).invocation);
    } catch (error) {
      const { sequence, name } = known.manifest ?? {};
      const about = { ...(sequence !== undefined && { sequence }), ...(name !== undefined && { name }) };
      return this.#tell(await releases.refuse(messageOf(error), this.#now(), about));
    } finally {
      // Not after the trial: a power cut in it would leave the bundle to be refused as one that was here already.
      await remove(bundlePath);
    }
    return this.#start(trial);
  }

  async #start(trial: Trial): Promise<Outcome> {
    const { releases, service } = this.#options;
    try {
      await releases.putInPlace(trial);
      await service.restart();
    } catch (error) {
      return this.#goBack(trial, messageOf(error));
    }
    return this.#watch(trial);
  }

  async #take(bundlePath: string, known: { manifest?: Manifest }): Promise<Manifest> {
    const { releases, keys, check } = this.#options;
    const state = await releases.state();
    if (state.trial !== undefined)
      throw new FieldnoteError('UPDATE_REFUSED', `update ${state.trial.sequence} is still being tried`);
    const accept = (manifest: Manifest) => {
      known.manifest = manifest;
      const reason = refusalOf(manifest, {
        ...this.#options.device,
        highestSequence: state.highestSequence,
        storeSchema:
          (releases.hasAgent() ? state.current?.storeSchema : undefined) ??
          this.#options.installed.storeSchema,
        nowMs: this.#surelyMs(state.latestCreatedAt),
      });
      if (reason !== undefined) throw new FieldnoteError('UPDATE_REFUSED', reason);
      return releases.expectRoomFor(manifest);
    };
    const manifest = await takePayload(bundlePath, { keys: keys(), to: releases.payloadPath, accept });
    await check(await releases.stage(manifest), manifest);
    return manifest;
  }

  async #watch(trial: Trial): Promise<Outcome> {
    const { releases, service, monotonicMs, sleep, say } = this.#options;
    const { sequence, name, healthWindowS, invocationBefore } = trial;
    say(`trying update ${sequence} (${name}) for ${healthWindowS} s`);
    const illness = await illnessOf({ service, healthWindowS, invocationBefore, monotonicMs, sleep });
    if (illness === undefined) return this.#tell(await releases.confirm(trial, this.#now()));
    return this.#goBack(trial, illness);
  }

  async #goBack(trial: Trial, reason: string): Promise<Outcome> {
    const outcome = await this.#options.releases.rollBack(trial, reason, this.#now());
    await this.#options.service.restart();
    return this.#tell(outcome);
  }

  /** It is this late at least: a clock without a battery is behind. */
  #surelyMs(latestCreatedAt: string | undefined): number {
    const { nowMs, installed } = this.#options;
    return Math.max(nowMs(), installed.builtMs, latestCreatedAt ? Date.parse(latestCreatedAt) : 0);
  }

  #now(): Date {
    return new Date(this.#options.nowMs());
  }

  #tell(outcome: Outcome): Outcome {
    this.#options.say(outcomeLine(outcome));
    return outcome;
  }
}

/** A folder is put out of sight: to empty it, while its owner changes it, would lead to the files of others. */
async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') await rename(path, join(dirname(path), `.${randomUUID()}`));
    else if (code !== 'ENOENT') throw error;
  }
}
