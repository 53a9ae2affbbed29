import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSecrets } from '../../src/publish/secrets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldnote-secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('secrets', () => {
  test('are none when the configuration names no file', async () => {
    expect(await readSecrets({}, undefined)).toEqual({});
  });

  test.each([
    ['word\n', 'word'],
    ['word\r\n', 'word'],
    ['word', 'word'],
    [' two words \n\n', ' two words \n'],
  ])('take the password %j as %j', async (content, password) => {
    const passwordFile = await file('password', content);
    expect(await readSecrets({ passwordFile }, undefined)).toEqual({ password });
  });

  test('take the authority byte by byte', async () => {
    const ca = Buffer.from('-----BEGIN CERTIFICATE-----\n');
    expect(await readSecrets({ caFile: await file('ca.pem', ca) }, undefined)).toEqual({ ca });
  });

  test('are looked up among the credentials by a bare name', async () => {
    await file('mqtt-password', 'word');
    expect(await readSecrets({ passwordFile: 'mqtt-password' }, folder)).toEqual({ password: 'word' });
  });

  test('take a password of 65,535 bytes, but none that MQTT cannot carry', async () => {
    const passwordFile = await file('long', 'x'.repeat(65_535));
    expect((await readSecrets({ passwordFile }, undefined)).password).toHaveLength(65_535);
    await file('long', 'x'.repeat(65_536));
    await expect(readSecrets({ passwordFile }, undefined)).rejects.toThrow('at most 65535 are allowed');
  });

  test('take no authority over 1 MiB', async () => {
    const caFile = await file('large', Buffer.alloc(1024 * 1024 + 1));
    await expect(readSecrets({ caFile }, undefined)).rejects.toThrow('mqtt.caFile');
  });
});

describe('a secret that cannot be read', () => {
  test.each([
    ['is missing', '/nowhere/password', /mqtt.passwordFile \/nowhere\/password cannot be opened: ENOENT/],
    ['is a credential outside systemd', 'password', /\$CREDENTIALS_DIRECTORY is not set/],
    ['has a relative path', './password', /relative path/],
    ['is a folder', '/', /no regular file/],
    ['is a device', '/dev/zero', /no regular file/],
  ])('because it %s is named with key and path', async (_name, passwordFile, message) => {
    const reading = readSecrets({ passwordFile }, undefined);
    await expect(reading).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    await expect(reading).rejects.toThrow(message);
  });

  test('because it is a pipe without a writer is named, and waited for by nobody', async () => {
    const passwordFile = join(folder, 'pipe');
    execFileSync('mkfifo', [passwordFile]);
    await expect(readSecrets({ passwordFile }, undefined)).rejects.toThrow('no regular file');
  });

  test('because it is empty is named', async () => {
    const passwordFile = await file('empty', '\n');
    await expect(readSecrets({ passwordFile }, undefined)).rejects.toThrow('is empty');
  });

  test('never shows its content', async () => {
    const passwordFile = await file('secret', `hidden-word${'x'.repeat(70_000)}`);
    const error = await readSecrets({ passwordFile }, undefined).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    expect(`${JSON.stringify(error)}${error}`).not.toContain('hidden');
  });
});
