import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably } from '../../system/durable-file.ts';
import { messageOf } from '../../system/errors.ts';

const FILE = 'sparkplug.json';

/**
 * Counts the connections, 0 to 255 and again from 0, across restarts: by this number (bdSeq) a host knows which birth
 * a death belongs to.
 * @param onError the count goes on in memory
 */
export function birthSequence(dataDir: string, onError: (message: string) => void): () => Promise<number> {
  const path = join(dataDir, FILE);
  let latest: number | undefined;
  return async () => {
    latest = ((latest ?? (await read(path, onError))) + 1) % 256;
    await replaceDurably(path, `${JSON.stringify({ bdSeq: latest })}\n`).catch((error) =>
      onError(
        `cannot write ${path}: ${messageOf(error)}; after a restart hosts may take a death for another one`,
      ),
    );
    return latest;
  };
}

/** -1 when there was no connection yet. */
async function read(path: string, onError: (message: string) => void): Promise<number> {
  try {
    const { bdSeq } = JSON.parse(await readFile(path, 'utf8'));
    if (!(Number.isInteger(bdSeq) && bdSeq >= 0 && bdSeq <= 255))
      throw new Error('it has no bdSeq from 0 to 255');
    return bdSeq;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      onError(`cannot read ${path}: ${messageOf(error)}; bdSeq begins again at 0`);
    return -1;
  }
}
