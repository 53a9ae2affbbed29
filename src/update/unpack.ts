import { createHash, type KeyObject } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type BundledFile, type Manifest, PREFIX_BYTES } from './bundle.ts';
import { headSizeOf, readHead } from './head.ts';

const COPY_CHUNK_BYTES = 1024 * 1024;

/**
 * The manifest of a bundle whose signature is right, and a copy of its payload with the right hash. Who owns the bundle may change
 * it meanwhile: each byte is read once, and only the copy is used afterwards.
 * @throws FieldnoteError UPDATE_INVALID, UPDATE_UNTRUSTED
 */
export async function takePayload(
  bundlePath: string,
  {
    keys,
    to,
    accept,
  }: { keys: readonly KeyObject[]; to: string; accept: (manifest: Manifest) => void | Promise<void> },
): Promise<Manifest> {
  // A link would make this program, which may read everything, read what its maker may not.
  await using bundle = await openPlain(bundlePath);
  const prefix = await readUpTo(bundle, 0, PREFIX_BYTES);
  const { manifest, sizeBytes } = readHead(await readUpTo(bundle, 0, headSizeOf(prefix)), keys);
  await accept(manifest);
  const hash = createHash('sha256');
  await using copy = await open(to, 'w', 0o600);
  let taken = 0;
  while (taken < manifest.payload.sizeBytes) {
    const wanted = Math.min(COPY_CHUNK_BYTES, manifest.payload.sizeBytes - taken);
    const chunk = await readUpTo(bundle, sizeBytes + taken, wanted);
    if (chunk.length === 0)
      throw invalid(`it is cut off: ${taken} of ${manifest.payload.sizeBytes} bytes are there`);
    hash.update(chunk);
    await copy.writeFile(chunk);
    taken += chunk.length;
  }
  if (hash.digest('hex') !== manifest.payload.sha256)
    throw invalid('its payload was changed or damaged on the way');
  return manifest;
}

async function openPlain(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw invalid('it is no plain file');
}

/** Fewer bytes than asked for at the end of the file. */
async function readUpTo(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/**
 * Writes the files of a payload below a folder; they are not on the disk yet.
 * @throws FieldnoteError UPDATE_INVALID when they are not those of the manifest
 */
export async function unpack(
  payloadPath: string,
  { files }: Pick<Manifest, 'files'>,
  folder: string,
): Promise<void> {
  await using content = new Chunks(decompressed(payloadPath));
  for (const file of files) await writeFile(join(folder, file.path), file, content);
  if (!(await content.isAtEnd())) throw invalid('its payload holds more than its manifest says');
}

/** Begins when it is asked for its first piece: an error before that would have nobody to catch it. */
async function* decompressed(path: string): AsyncGenerator<Buffer> {
  const stream = createZstdDecompress();
  // It passes a failure on to the stream, which throws it here.
  pipeline(createReadStream(path), stream, () => undefined);
  try {
    yield* stream;
  } catch (error) {
    throw invalid(`its payload cannot be decompressed: ${messageOf(error)}`);
  }
}

async function writeFile(to: string, file: BundledFile, content: Chunks): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await using target = await open(to, 'wx', file.executable ? 0o755 : 0o644);
  const hash = createHash('sha256');
  let missing = file.sizeBytes;
  while (missing > 0) {
    const chunk = await content.take(missing);
    if (chunk === undefined) throw invalid(`its payload ends before ${file.path} does`);
    hash.update(chunk);
    await target.writeFile(chunk);
    missing -= chunk.length;
  }
  if (hash.digest('hex') !== file.sha256) throw invalid(`${file.path} is not what its manifest says`);
}

/** A stream, taken in pieces of any length. */
class Chunks {
  readonly #stream: AsyncGenerator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncGenerator<Buffer>) {
    this.#stream = stream;
  }

  /** Whoever stops in the middle leaves no file open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.return(undefined);
  }

  /** At most so many bytes, at least one; undefined at the end. */
  async take(length: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0 && !(await this.#fill())) return undefined;
    const chunk = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return chunk;
  }

  async isAtEnd(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#fill());
  }

  async #fill(): Promise<boolean> {
    const { value, done } = await this.#stream.next();
    if (done) return false;
    this.#rest = value;
    return value.length > 0 || this.#fill();
  }
}

function invalid(message: string): FieldnoteError {
  return new FieldnoteError('UPDATE_INVALID', message);
}
