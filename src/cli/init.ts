import { readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { exampleConfig, type FoundSources } from '../config/example.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

const SERIAL_BY_ID = '/dev/serial/by-id';

/**
 * `fieldnote init`: writes a commented configuration for this machine, with the serial port that is plugged in.
 * @param found what `--probe` found instead
 * @throws FieldnoteError BAD_ARGUMENT when the file exists or cannot be written; nothing is ever overwritten
 */
export function init(path: string, found?: FoundSources): string {
  const serialPath = firstSerialPort();
  const text = exampleConfig({ site: 'my-site', node: plainKey(hostname()), serialPath, ...found });
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const reason = isThere ? 'it exists already; name another file or remove it' : messageOf(error);
    throw new FieldnoteError('BAD_ARGUMENT', `cannot write ${path}: ${reason}`, { path }, error);
  }
  const todo =
    found === undefined
      ? 'Name your channels in it'
      : 'Fill in what stands there as "?" or NAME, if anything does';
  return `Wrote ${path}. ${todo}, then: fieldnote check ${path}`;
}

function firstSerialPort(): string {
  try {
    const name = readdirSync(SERIAL_BY_ID).sort()[0];
    if (name !== undefined) return `${SERIAL_BY_ID}/${name}`;
  } catch {
    // No serial device is plugged in: the folder exists only while there is one.
  }
  return '/dev/ttyUSB0';
}

/** A host name as a key of the configuration: lower case, no dots, never empty. */
function plainKey(name: string): string {
  const key = name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, 64);
  return key === '' ? 'node-1' : key;
}
