import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { PATIENCE } from '../models/download.ts';
import { KNOWN_MODELS, type KnownModel } from '../models/language-models.ts';
import { type Origin, type Pulled, pullModel } from '../models/pull.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { asDataOwner } from './data-owner.ts';
import { progressBar } from './progress-bar.ts';
import { alignedRows } from './table.ts';

/** Below the data folder, where language models go. */
const FOLDER = 'llm';

export interface ModelsPullOptions {
  readonly config: string;
  /** A file to take instead of a download. */
  readonly from?: string;
  /** Folder to put it into instead of the data folder. */
  readonly to?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/**
 * `fieldnote models pull`: brings a known language model, checked by its hash, and says how to use it.
 * @throws FieldnoteError BAD_ARGUMENT for a name that nobody knows; what `pullModel` throws
 */
export async function modelsPull(
  name: string | undefined,
  options: ModelsPullOptions,
  known: readonly KnownModel[] = KNOWN_MODELS,
): Promise<void> {
  if (options.list) return say(options.json ? JSON.stringify(known, null, 2) : listOf(known));
  const model = chosen(name, known);
  const { dataDir } = options.to === undefined ? loadConfig(options.config).config : { dataDir: options.to };
  const folder = options.to === undefined ? join(dataDir, FOLDER) : resolve(options.to);
  const origin = await originOf(model, options.from);
  if (!options.json) say(introduction(model, origin));
  const show = progressBar(process.stderr, `fetching ${model.name}`);
  try {
    const onProgress = (bytes: number) => show(bytes / model.sizeBytes);
    const pull = { model, origin, folder, patience: PATIENCE, nowMs: Date.now(), onProgress };
    const pulled = await asDataOwner(dataDir, () => pullModel(pull));
    say(options.json ? JSON.stringify({ ...model, ...pulled }, null, 2) : conclusion(pulled));
  } catch (error) {
    throw withAdvice(error, model);
  } finally {
    if ('file' in origin) await origin.file.close();
  }
}

function chosen(name: string | undefined, known: readonly KnownModel[]): KnownModel {
  const model = known.find((one) => one.name === name);
  if (model !== undefined) return model;
  const names = known.map((one) => one.name).join(', ');
  const what = name === undefined ? 'name the model' : `there is no known model ${name}`;
  throw new FieldnoteError(
    'BAD_ARGUMENT',
    `${what}; known are ${names}. Any other GGUF file needs no pulling: name its path in llm.model`,
  );
}

async function originOf({ name, url }: KnownModel, from: string | undefined): Promise<Origin> {
  if (from !== undefined) return { path: resolve(from), file: await openForReading(from) };
  if (url !== undefined) return { url };
  throw new FieldnoteError(
    'BAD_ARGUMENT',
    `nobody offers ${name} as one file for download: bring the file and name it with --from`,
  );
}

/** Root may read what the owner of the data may not, so it is opened before becoming that owner. */
async function openForReading(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a named pipe would never open.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      `cannot read --from ${path}: ${messageOf(error)}`,
      { path },
      error,
    );
  }
}

/** A device without a network is what this program is made for. */
function withAdvice(error: unknown, { name }: KnownModel): unknown {
  if (!(error instanceof FieldnoteError) || error.code !== 'DOWNLOAD_FAILED') return error;
  const advice =
    `What came so far is kept: the same command goes on with it. Without a network, pull it elsewhere with --to FOLDER ` +
    `and bring the file: fieldnote models pull ${name} --from FILE`;
  return new FieldnoteError(error.code, `${error.message}\n${advice}`, error.context, error);
}

function introduction({ name, about, sizeBytes, licence, licenceUrl, terms }: KnownModel, origin: Origin) {
  const from = 'url' in origin ? new URL(origin.url).host : origin.path;
  return [
    `${name}: ${about}, ${megabytes(sizeBytes)} MB from ${from}`,
    `licence ${licence}, ${licenceUrl}`,
    terms,
  ].join('\n');
}

function conclusion({ path, recordPath, wasThere }: Pulled): string {
  return [
    wasThere
      ? `${path} is there already, and its sha256 is right.`
      : `${path} is complete, and its sha256 is right.`,
    `Its licence and where it comes from are in ${recordPath}.`,
    'To let it tell the reports, put this into the configuration and start the daemon again:',
    '',
    'llm:',
    `  model: ${path}`,
  ].join('\n');
}

function listOf(known: readonly KnownModel[]): string {
  const cells = ({ name, sizeBytes, licence, url, about }: KnownModel) => [
    ...[name, megabytes(sizeBytes), licence],
    ...[url === undefined ? '--from only' : new URL(url).host, about],
  ];
  return alignedRows([['name', 'MB', 'licence', 'from', 'what it is'], ...known.map(cells)]).join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
