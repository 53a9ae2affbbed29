import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { linkOver, type OpenLinkFunction } from './open-link.ts';

const CHUNK_BYTES = 65_536;

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; correct the path',
  EACCES: 'this user may not read it; change its owner or mode',
};

/** Reads a recorded file once, from its first to its last byte. */
export function recordingOpener(path: string): OpenLinkFunction {
  return async (handlers) => {
    const file = await openFile(path);
    const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES });
    const closeReason = (cause: Error | undefined) => cause && unreadable(path, cause);
    return linkOver({ stream, handlers, isLive: false, closeReason });
  };
}

async function openFile(path: string): Promise<FileHandle> {
  // O_NONBLOCK: a named pipe without a writer would otherwise hold a pool thread for ever.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause) => Promise.reject(unreadable(path, cause)));
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  const what = stats.isDirectory() ? 'a folder; name one file in it' : 'no regular file';
  throw new FieldnoteError('RECORDING_UNREADABLE', `Cannot read recording ${path}: it is ${what}`, { path });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): FieldnoteError {
  const reason = ADVICE[cause.code ?? ''] ?? messageOf(cause);
  return new FieldnoteError(
    'RECORDING_UNREADABLE',
    `Cannot read recording ${path}: ${reason}`,
    { path },
    cause,
  );
}
