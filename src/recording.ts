import type { SourceConfig } from './config/schema.ts';
import { createDecoder } from './decode/decoder.ts';
import { linkOpener } from './link/open.ts';
import type { Clock } from './system/clock.ts';
import type { Decoded } from './values/sample.ts';

export interface RecordingOptions {
  readonly path: string;
  /** Key of the source whose place the recording takes. */
  readonly source: string;
  readonly protocol: SourceConfig['protocol'];
  /** System id of the vehicle, where several were recorded. */
  readonly vehicle?: number | undefined;
  /** When bytes arrive, for data that carry no time of their own. */
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly take: (decoded: readonly Decoded[]) => Promise<void> | void;
  /** How much of the file has been taken so far. */
  readonly onRead?: (sizeBytes: number) => void;
}

/**
 * Sends a recording through link and decoder, one chunk at a time: the next is read when the last one was taken.
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function readRecording(options: RecordingOptions): Promise<void> {
  const { path, source, protocol, vehicle, clock, take, onRead } = options;
  const decoder = createDecoder({ source, protocol, mavlink: { system: vehicle } });
  let sizeBytes = 0;
  await readChunks(path, async (bytes) => {
    await take(decoder.decode(bytes, clock.monoMs()));
    sizeBytes += bytes.length;
    onRead?.(sizeBytes);
  });
  await take(decoder.finish(clock.monoMs()));
}

async function readChunks(path: string, take: (bytes: Buffer) => Promise<void>): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let work = Promise.resolve();
  const open = linkOpener({ type: 'file', path });
  const link = await open(
    {
      onBytes(bytes) {
        link?.pause();
        work = work.then(() => take(bytes)).then(() => link?.resume());
        work.catch(ended.reject);
      },
      onClose: (error) => (error === undefined ? ended.resolve() : ended.reject(error)),
    },
    AbortSignal.timeout(2 ** 31 - 1),
  );
  try {
    await ended.promise;
    await work;
  } finally {
    await link.close();
  }
}
