import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { MqttConfig } from '../config/schema.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

/** What the connection needs and no log may show. */
export interface Secrets {
  readonly password?: string;
  readonly ca?: Buffer;
  /** With its private key: who this device is. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export type SecretFiles = Pick<MqttConfig, 'passwordFile' | 'caFile' | 'certFile' | 'keyFile'>;

/** The longest password that MQTT can carry (MQTT 5 section 1.5.6). */
const PASSWORD_SIZE_BYTES_MAX = 65_535;

/** More than the bundle of every public authority. */
const PEM_SIZE_BYTES_MAX = 1024 * 1024;

/**
 * Reads the files that the configuration names. A bare name is looked up in `credentialsDir`, where systemd puts
 * the credentials of a service (systemd.exec(5), LoadCredential=).
 * @param credentialsDir value of $CREDENTIALS_DIRECTORY
 * @throws FieldnoteError SECRET_UNREADABLE naming the key and the path, never the content
 */
export async function readSecrets(
  { passwordFile, ...pemFiles }: SecretFiles,
  credentialsDir: string | undefined,
): Promise<Secrets> {
  const readPem = (key: string, name: string) =>
    readSecret(`mqtt.${key}`, name, credentialsDir, PEM_SIZE_BYTES_MAX);
  const { caFile, certFile, keyFile } = pemFiles;
  return {
    ...(passwordFile !== undefined && { password: await readPassword(passwordFile, credentialsDir) }),
    ...(caFile !== undefined && { ca: await readPem('caFile', caFile) }),
    ...(certFile !== undefined && { cert: await readPem('certFile', certFile) }),
    ...(keyFile !== undefined && { key: await readPem('keyFile', keyFile) }),
  };
}

/** A password ends where its line ends: editors and `echo` add a newline that is no part of it. */
async function readPassword(name: string, credentialsDir: string | undefined): Promise<string> {
  const bytes = await readSecret('mqtt.passwordFile', name, credentialsDir, PASSWORD_SIZE_BYTES_MAX);
  const password = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (password === '') throw unreadable('mqtt.passwordFile', name, 'is empty');
  return password;
}

/**
 * Reads one file, as `readSecrets` does.
 * @param key of the configuration, for messages
 * @throws FieldnoteError SECRET_UNREADABLE
 */
export async function readSecret(
  key: string,
  name: string,
  credentialsDir: string | undefined,
  sizeBytesMax: number,
) {
  const path = locate(key, name, credentialsDir);
  // Without O_NONBLOCK, opening a named pipe would wait for a writer that never comes.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(key, path, `cannot be opened: ${messageOf(error)}`);
  });
  try {
    const fault = await faultOf(file, sizeBytesMax);
    if (fault !== undefined) throw unreadable(key, path, fault);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function faultOf(file: FileHandle, sizeBytesMax: number): Promise<string | undefined> {
  const stat = await file.stat();
  if (!stat.isFile()) return 'is no regular file';
  return stat.size > sizeBytesMax ? `has ${stat.size} bytes; at most ${sizeBytesMax} are allowed` : undefined;
}

function locate(key: string, name: string, credentialsDir: string | undefined): string {
  if (isAbsolute(name)) return name;
  if (name.includes('/'))
    throw unreadable(key, name, 'is a relative path: give a whole path or the bare name of a credential');
  if (credentialsDir === undefined)
    throw unreadable(
      key,
      name,
      'is a credential, but $CREDENTIALS_DIRECTORY is not set: add LoadCredential= to the unit or give a whole path',
    );
  return join(credentialsDir, name);
}

function unreadable(key: string, path: string, why: string): FieldnoteError {
  return new FieldnoteError('SECRET_UNREADABLE', `${key} ${path} ${why}`, { key, path });
}
