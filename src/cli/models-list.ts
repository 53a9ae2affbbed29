import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { ListedModel } from '../models/active.ts';
import type { ModelManifest } from '../models/package.ts';
import { readModelPackage } from '../models/read-package.ts';
import { messageOf } from '../system/errors.ts';
import { packagesOf, shortSha } from './model-choice.ts';
import { alignedRows } from './table.ts';

/** The packages that ship lie beside src/. */
const SHIPPED_DIR = join(import.meta.dirname, '../../models');
const HEADINGS = ['in use as', 'sha256', 'name', 'version', 'made', 'rows', 'from'];

/** What a package is in use as. */
type Use = 'active' | 'active, on trial' | 'previous' | 'proposed' | 'kept';

interface ListRow {
  readonly use: Use | 'ships';
  readonly sha256: string | undefined;
  readonly manifest: ModelManifest | undefined;
  /** Why it cannot be used. */
  readonly fault: string | undefined;
}

/** `fieldnote models list`: the packages of each asset, and those that ship. */
export async function modelsList(options: { config: string; json?: boolean }): Promise<void> {
  const { config } = loadConfig(options.config);
  const assets: Record<string, ListRow[]> = {};
  for (const key of Object.keys(config.assets))
    assets[key] = (await packagesOf(config.dataDir, key)).map(rowOf);
  const shipped = await shippedPackages();
  if (options.json) return say(JSON.stringify({ assets, shipped }, null, 2));
  for (const [key, rows] of Object.entries(assets)) {
    const name = config.assets[key]?.name;
    say(name === undefined ? key : `${key} (${name})`);
    say(rows.length === 0 ? '  no package yet: its normal is still to be learned' : tableOf(rows));
  }
  if (shipped.length > 0) say(`ships with Fieldnote, in ${SHIPPED_DIR}\n${tableOf(shipped)}`);
}

function rowOf(model: ListedModel): ListRow {
  const { sha256, manifest, fault } = model;
  return { use: useOf(model), sha256, manifest, fault };
}

function useOf({ isActive, isPrevious, isProposed, trial }: ListedModel): Use {
  if (isActive) return trial === undefined ? 'active' : 'active, on trial';
  if (isProposed) return 'proposed';
  return isPrevious ? 'previous' : 'kept';
}

async function shippedPackages(): Promise<ListRow[]> {
  const names = (await readdir(SHIPPED_DIR).catch(() => [] as string[])).sort();
  const rows: ListRow[] = [];
  for (const name of names) {
    const files = await readdir(join(SHIPPED_DIR, name)).catch(() => [] as string[]);
    if (files.includes('model.onnx')) rows.push(await shippedPackage(join(SHIPPED_DIR, name)));
  }
  return rows;
}

async function shippedPackage(folder: string): Promise<ListRow> {
  try {
    const { manifest } = await readModelPackage(folder);
    return { use: 'ships', sha256: manifest.sha256, manifest, fault: undefined };
  } catch (error) {
    return { use: 'ships', sha256: undefined, manifest: undefined, fault: messageOf(error) };
  }
}

function tableOf(rows: readonly ListRow[]): string {
  return alignedRows([HEADINGS, ...rows.map(cellsOf)], '  ').join('\n');
}

function cellsOf({ use, sha256, manifest, fault }: ListRow): string[] {
  const known = [use, sha256 === undefined ? '–' : shortSha(sha256)];
  if (manifest === undefined) return [...known, `cannot be used: ${fault}`];
  const { name, version, provenance } = manifest;
  const { trainedAt, figures, data } = provenance;
  const rows = figures['rows'];
  return [...known, name, version, trainedAt.slice(0, 19), rows === undefined ? '–' : String(rows), data];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
