import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readSigningKey } from '../../src/mavlink-key.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => at + 200));

async function read(content: Buffer | string, name = 'mavlink-key') {
  const folder = await mkdtemp(join(tmpdir(), 'fieldnote-key-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'mavlink-key'), content);
  return readSigningKey('fc', { mavlink: { request: false, signingKeyFile: name } }, folder);
}

describe('the signing key', () => {
  test('is 32 bytes as they are, or hexadecimal digits with the end of their line', async () => {
    expect(await read(KEY)).toEqual(KEY);
    expect(await read(`${KEY.toString('hex')}\n`)).toEqual(KEY);
    expect(await read(KEY.toString('hex').toUpperCase())).toEqual(KEY);
  });

  test('is none where none is configured', async () => {
    expect(await readSigningKey('fc', { mavlink: { request: false } }, undefined)).toBeUndefined();
  });

  test.each(['', 'a passphrase', 'f'.repeat(63), 'f'.repeat(65), 'g'.repeat(64)])(
    'that is "%s" is refused by name and never shown',
    async (content) => {
      const error = await read(content).catch((cause: Error) => cause);
      expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' });
      expect(String(error)).toContain('sources.fc.mavlink.signingKeyFile');
      if (content !== '') expect(String(error)).not.toContain(content);
    },
  );

  test('that is not there is refused', async () => {
    await expect(read(KEY, 'other')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});
