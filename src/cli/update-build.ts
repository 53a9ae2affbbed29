import { createPrivateKey, type KeyObject } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../config/load.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { UPDATE_SUFFIX } from '../update/bundle.ts';
import { type ManifestFacts, writeBundle } from '../update/write-bundle.ts';
import { progressBar } from './progress-bar.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 3650;
/** Numbers of processors in the header of an ELF file (its field e_machine). */
const ARCHITECTURES = new Map<number, 'arm64' | 'x64'>([
  [183, 'arm64'],
  [62, 'x64'],
]);

interface UpdateBuildOptions {
  readonly key: string;
  readonly sequence: string;
  readonly agent?: string;
  readonly models?: string;
  readonly configuration?: string;
  readonly name?: string;
  readonly days: string;
  readonly site?: string;
  readonly node?: readonly string[];
  readonly healthWindow: string;
}

/** `fieldnote update build`. */
export async function updateBuild(bundle: string, options: UpdateBuildOptions): Promise<void> {
  const { agent, models, configuration } = options;
  if (agent === undefined && models === undefined && configuration === undefined)
    throw new FieldnoteError('BAD_ARGUMENT', 'nothing to pack: name --agent, --models or --configuration');
  // One that no device could use is not packed, and it names one device: another one would take its name.
  const owner = configuration === undefined ? undefined : loadConfig(configuration).config;
  const { site = owner?.site, node = owner && [owner.node] } = options;
  const now = Date.now();
  const program = agent === undefined ? undefined : await programFacts(agent);
  const facts: ManifestFacts = {
    sequence: wholeNumber('--sequence', options.sequence, 1),
    name: options.name ?? basename(bundle, UPDATE_SUFFIX),
    createdAt: new Date(now).toISOString(),
    notAfter: new Date(now + wholeNumber('--days', options.days, 1, DAYS_MAX) * DAY_MS).toISOString(),
    for: {
      ...(program && { architecture: program.architecture }),
      ...(site !== undefined && { site }),
      ...(node !== undefined && { nodes: [...node] }),
    },
    healthWindowS: wholeNumber('--health-window', options.healthWindow, 10),
    ...(program && { storeSchema: program.storeSchema }),
  };
  const manifest = await writeBundle(bundle, {
    content: {
      ...(agent !== undefined && { agentFolder: resolve(agent) }),
      ...(models !== undefined && { modelsFolder: resolve(models) }),
      ...(configuration !== undefined && { configurationPath: configuration }),
    },
    facts,
    privateKey: readPrivateKey(options.key),
    onProgress: progressBar(process.stderr, 'packing'),
  });
  const sizeMb = (statSync(bundle).size / 1e6).toFixed(1);
  process.stdout.write(
    `${bundle}: update ${manifest.sequence} (${manifest.name}), ${manifest.files.length} files, ${sizeMb} MB, to be taken until ${manifest.notAfter}\n`,
  );
}

function wholeNumber(option: string, text: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new FieldnoteError(
    'BAD_ARGUMENT',
    `${option} ${text}: must be a whole number from ${min} ${max < Number.MAX_SAFE_INTEGER ? `to ${max}` : 'on'}`,
  );
}

function readPrivateKey(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw new FieldnoteError(
      'KEY_INVALID',
      `${path} cannot be read as a private key: ${messageOf(error)}`,
      { path },
      error,
    );
  }
  throw new FieldnoteError('KEY_INVALID', `${path} is no ed25519 key; fieldnote update keygen makes one`, {
    path,
  });
}

async function programFacts(folder: string) {
  const node = join(folder, 'bin/node');
  const migrations = join(folder, 'dist/store/migrations.js');
  try {
    const header = Buffer.alloc(20);
    const file = openSync(node, 'r');
    readSync(file, header, 0, header.length, 0);
    closeSync(file);
    const architecture = ARCHITECTURES.get(header.readUInt16LE(18));
    if (architecture === undefined) throw new Error(`${node} is for no processor that is known`);
    const { MIGRATIONS } = await import(pathToFileURL(resolve(migrations)).href);
    return { architecture, storeSchema: MIGRATIONS.length as number };
  } catch (error) {
    const message = `--agent ${folder}: is no laid-out program (${messageOf(error)}); npm run deb makes one`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { folder }, error);
  }
}
