import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { updateKeygen } from '../../src/cli/update-keygen.ts';
import { trustedKeys } from '../../src/update/trusted-keys.ts';
import { makerKeys } from '../support/made-update.ts';
import { folderInMemory } from '../support/memory-folder.ts';

const publicText = makerKeys.publicKey.export({ type: 'spki', format: 'pem' });
const privateText = makerKeys.privateKey.export({ type: 'pkcs8', format: 'pem' });

describe('the keys that a device trusts', () => {
  test('are those in the files NAME.pub of its folder', () => {
    const folder = folderInMemory();
    writeFileSync(join(folder, 'office.pub'), publicText);
    writeFileSync(join(folder, 'notes.txt'), 'no key');
    expect(trustedKeys(folder).map((key) => key.equals(makerKeys.publicKey))).toEqual([true]);
  });

  test('are none where there is no folder', () => {
    expect(trustedKeys(join(folderInMemory(), 'absent'))).toEqual([]);
  });

  test.each([
    ['is damaged', publicText.slice(0, 60)],
    ['is empty', ''],
    ['is of another kind', generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' })],
    ['is the private one, which must not be there', privateText],
  ])('are named when one %s', (_, text) => {
    const folder = folderInMemory();
    writeFileSync(join(folder, 'odd.pub'), text);
    expect(() => trustedKeys(folder)).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining('odd.pub') }),
    );
  });
});

describe('fieldnote update keygen', () => {
  test('makes a key that only its owner can read, and one that a device trusts', () => {
    const folder = join(folderInMemory(), 'keys');
    updateKeygen(folder);
    expect(readdirSync(folder).sort()).toEqual(['update-key.pem', 'update-key.pub']);
    expect(statSync(join(folder, 'update-key.pem')).mode & 0o777).toBe(0o600);
    expect(trustedKeys(folder)).toHaveLength(1);
  });

  test('replaces no key', () => {
    const folder = folderInMemory();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'update-key.pem'), 'precious');
    expect(() => updateKeygen(folder)).toThrow('is there already');
    expect(readFileSync(join(folder, 'update-key.pem'), 'utf8')).toBe('precious');
  });
});
