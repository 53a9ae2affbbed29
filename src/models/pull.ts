import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { replaceDurably, syncFolder } from '../system/durable-file.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { download, type Patience } from './download.ts';
import type { KnownModel } from './language-models.ts';

/** What must stay free beside the model: the store of the daemon lives on the same disk. */
const SPARE_BYTES = 64 * 1024 * 1024;
const COPY_BYTES = 1024 * 1024;

/** Where the bytes come from: a server, or a file that is open for reading. */
export type Origin = { readonly url: string } | { readonly path: string; readonly file: FileHandle };

export interface Pull {
  readonly model: KnownModel;
  readonly origin: Origin;
  /** Where its file will be. */
  readonly folder: string;
  readonly patience: Patience;
  /** Unix milliseconds, for the record. */
  readonly nowMs: number;
  /** Bytes of the file that are there. */
  readonly onProgress: (bytes: number) => void;
}

export interface Pulled {
  readonly path: string;
  /** What it is and under which licence, beside it. */
  readonly recordPath: string;
  /** It was there before, and nothing was done. */
  readonly wasThere: boolean;
}

/**
 * Brings a known model into a folder. Until its hash was checked it is called `<name>.gguf.part`, which the next try goes
 * on with; then it appears under its name as a whole.
 * @throws {FieldnoteError} DOWNLOAD_FAILED; MODEL_INVALID when it is another file; STORE_UNWRITABLE when the disk refuses;
 * BAD_ARGUMENT while another process brings it
 */
export async function pullModel(options: Pull): Promise<Pulled> {
  const { model, origin, folder } = options;
  const path = join(folder, `${model.name}.gguf`);
  const recordPath = join(folder, `${model.name}.json`);
  const wasThere = (await sizeOf(path)) === model.sizeBytes && (await sha256Of(path)) === model.sha256;
  if (!wasThere) {
    await onDisk(folder, () => mkdir(folder, { recursive: true }));
    await using _ = await onlyOne(`${model.name} in ${await realpath(folder)}`);
    await fill(`${path}.part`, options);
    await onDisk(folder, () => rename(`${path}.part`, path));
  }
  const record = recordOf(model, { origin, nowMs: options.nowMs });
  if (!wasThere || (await sizeOf(recordPath)) === undefined)
    await onDisk(recordPath, () => replaceDurably(recordPath, `${JSON.stringify(record, null, 2)}\n`));
  await onDisk(folder, () => syncFolder(folder));
  return { path, recordPath, wasThere };
}

/**
 * Two that write the same part would take it away from each other. An abstract socket, unlike a file, ends with its process
 * however that ends; where there are none (other systems, another network namespace) nothing is held.
 * @throws {FieldnoteError} BAD_ARGUMENT
 */
async function onlyOne(what: string): Promise<AsyncDisposable> {
  const name = createHash('sha256').update(what).digest('hex');
  const server = createServer((socket) => socket.destroy()).unref();
  try {
    server.listen(`\0fieldnote-pull-${name}`);
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new FieldnoteError('BAD_ARGUMENT', `another process is bringing ${what}: wait until it is done`);
  }
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) };
}

/** Makes a part whole. One that was begun earlier and turns out to be wrong is made anew, once. */
async function fill(partPath: string, options: Pull): Promise<void> {
  const { model, origin } = options;
  const begunBytes = 'url' in origin ? ((await sizeOf(partPath)) ?? 0) : 0;
  if (begunBytes === 0 || begunBytes > model.sizeBytes)
    await onDisk(partPath, () => rm(partPath, { force: true }));
  await checkRoom(partPath, options);
  await write(partPath, options).catch(async (error) => {
    const canGoOn = 'url' in origin && ((await sizeOf(partPath)) ?? 0) > 0;
    if (!canGoOn) await rm(partPath, { force: true }).catch(() => undefined);
    throw error;
  });
  const found = await sha256Of(partPath);
  if (found === model.sha256) return;
  await rm(partPath, { force: true });
  if (begunBytes > 0) return fill(partPath, options);
  const from = placeOf(origin);
  const message = `${from} is not ${model.name}: its sha256 is ${found} instead of ${model.sha256}; nothing was kept`;
  throw new FieldnoteError('MODEL_INVALID', message, { from, found });
}

async function write(partPath: string, { model, origin, patience, onProgress }: Pull): Promise<void> {
  const { sizeBytes } = model;
  await onDisk(partPath, async () => {
    // Written at places of its own choice, which appending would not allow.
    await using part = await openPart(partPath);
    if ('url' in origin) await download({ ...patience, url: origin.url, sizeBytes, part, onProgress });
    else await copy(origin, { part, sizeBytes, onProgress });
    await part.sync();
  });
}

/** A part of before, or a new file; whoever puts a link, a pipe or a folder there gets nothing written through it. */
async function openPart(partPath: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
  const found = await lstat(partPath).catch(() => undefined);
  if (found === undefined) return open(partPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  if (!found.isFile() || found.nlink > 1) throw new Error('it is a link or no file; remove it');
  return open(partPath, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
}

async function copy(
  { path, file }: { path: string; file: FileHandle },
  { part, sizeBytes, onProgress }: { part: FileHandle; sizeBytes: number; onProgress: Pull['onProgress'] },
): Promise<void> {
  const found = await file.stat();
  if (!found.isFile()) throw unusable(path, 'is no file');
  if (found.size !== sizeBytes)
    throw unusable(path, `has ${found.size} bytes instead of ${sizeBytes}: it is another one`);
  const chunk = Buffer.alloc(COPY_BYTES);
  for (let bytes = 0; bytes < sizeBytes; ) {
    const { bytesRead } = await file.read(chunk, 0, COPY_BYTES, bytes).catch((error) => {
      throw unusable(path, `cannot be read to its end: ${messageOf(error)}`);
    });
    if (bytesRead === 0) throw unusable(path, 'became shorter while it was read');
    await part.write(chunk, 0, bytesRead, bytes);
    bytes += bytesRead;
    onProgress(bytes);
  }
}

function unusable(path: string, what: string): FieldnoteError {
  return new FieldnoteError('MODEL_INVALID', `${path} ${what}`, { path });
}

/** @throws {FieldnoteError} STORE_UNWRITABLE when the model would leave too little room */
async function checkRoom(partPath: string, { model, folder }: Pull): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const neededBytes = model.sizeBytes - ((await sizeOf(partPath)) ?? 0) + SPARE_BYTES;
  if (bavail * bsize >= neededBytes) return;
  const message = `${folder} has ${megabytes(bavail * bsize)} free, ${model.name} needs ${megabytes(neededBytes)}`;
  throw new FieldnoteError('STORE_UNWRITABLE', `${message}: make room or name another folder`, { folder });
}

/** A disk that got full gets its room back: the daemon needs it more than a part of a model. */
async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FieldnoteError) throw error;
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
    if (isFull) await rm(path, { force: true }).catch(() => undefined);
    const what = isFull ? 'the disk is full; what came of it was removed' : messageOf(error);
    throw new FieldnoteError('STORE_UNWRITABLE', `cannot write ${path}: ${what}`, { path }, error);
  }
}

/** What is kept beside the file: what it is, where it comes from and what may be done with it. */
function recordOf(model: KnownModel, { origin, nowMs }: Pick<Pull, 'origin' | 'nowMs'>) {
  return { ...model, from: placeOf(origin), pulledAt: new Date(nowMs).toISOString() };
}

function placeOf(origin: Origin): string {
  return 'url' in origin ? origin.url : origin.path;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
