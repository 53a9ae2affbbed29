import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MEMORY_WINDOWS } from '../config/schema.ts';
import { type ModelManifest, modelManifestSchema } from '../models/package.ts';
import { syncFolder, writeDurably } from '../system/durable-file.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Learned } from './learner.ts';
import { normalModelGraph } from './normal-model-graph.ts';
import { COVERAGE_MIN } from './window-means.ts';

export interface WritePackageOptions {
  /** Folder of the asset's packages; made when it is absent. */
  readonly directory: string;
  readonly learned: Learned;
  /** Time from one window to the next. */
  readonly stepMs: number;
  /** Wall time of learning, ISO 8601; as good as the clock of the device. */
  readonly trainedAt: string;
}

/**
 * Writes what was learned as the model package `<directory>/<sha256>/`. The folder appears as a whole or not at all,
 * also across a power cut: written under another name, synced, renamed. The same model again changes nothing.
 * @returns sha256 of model.onnx
 * @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses
 */
export async function writePackage({ directory, ...options }: WritePackageOptions): Promise<string> {
  const onnx = normalModelGraph(options.learned.normal);
  const sha256 = createHash('sha256').update(onnx).digest('hex');
  const manifest = modelManifestSchema.parse(manifestOf(sha256, options));
  const draft = join(directory, `${sha256}.new`);
  const path = join(directory, sha256);
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    await writeDurably(join(draft, 'model.onnx'), onnx);
    await writeDurably(join(draft, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await syncFolder(draft);
    await moveIntoPlace(draft, path);
    await syncFolder(directory);
  } catch (error) {
    const message = `cannot write the learned model ${path}: ${messageOf(error)}`;
    throw new FieldnoteError('STORE_UNWRITABLE', message, { path }, error);
  }
  return sha256;
}

function manifestOf(
  sha256: string,
  { learned, stepMs, trainedAt }: Omit<WritePackageOptions, 'directory'>,
): ModelManifest {
  const { channels, rateHz, normal } = learned;
  return {
    format: 1,
    name: 'normal',
    version: '1',
    licence: 'LicenseRef-learned-on-this-device',
    sha256,
    channels: channels.map(({ name, unit }) => ({ name, unit })),
    window: { rateHz, rows: normal.windowRows * (1 + MEMORY_WINDOWS), stepMs },
    coverageMin: COVERAGE_MIN,
    toleratesMissing: false,
    outputs: { deviations: true, labels: [] },
    provenance: {
      recipe: 'fitNormal of src/learn/fit.ts: T² of window means against what was normal before',
      data: `${normal.rows} rows of this asset at ${rateHz} Hz, learned on this device`,
      trainedAt,
      figures: { rows: normal.rows, windows: normal.windows },
    },
  };
}

/** A package of this name is already complete and has the same model: then the draft goes. */
async function moveIntoPlace(draft: string, path: string): Promise<void> {
  try {
    await rename(draft, path);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && isTaken(error.code);
    if (!isThere) throw error;
    await rm(draft, { recursive: true });
  }
}

function isTaken(code: unknown): boolean {
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}
