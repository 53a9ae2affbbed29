import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type ModbusProfile, profileSchema } from './profile.ts';

/** Those that ship lie in profiles/modbus beside src/. */
const SHIPPED_DIR = join(import.meta.dirname, '../../profiles/modbus');
const SIZE_BYTES_MAX = 256 * 1024;
const FAULTS_SHOWN_MAX = 10;

/** Names of the profiles that ship; none where they were left out. */
export function shippedProfiles(): string[] {
  if (!existsSync(SHIPPED_DIR)) return [];
  return readdirSync(SHIPPED_DIR)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/**
 * Reads the register map of a device.
 * @param nameOrPath the name of one that ships, or the path of a YAML file of your own, with a slash or ending in .yaml
 * @throws FieldnoteError PROFILE_INVALID, naming the file and every fault in it
 */
export function readProfile(nameOrPath: string): ModbusProfile {
  const isPath = nameOrPath.includes('/') || nameOrPath.endsWith('.yaml');
  if (!isPath && !shippedProfiles().includes(nameOrPath))
    throw invalid(
      nameOrPath,
      `there is no such profile; those that ship are ${shippedProfiles().join(', ')}`,
    );
  const path = isPath ? nameOrPath : join(SHIPPED_DIR, `${nameOrPath}.yaml`);
  let plain: unknown;
  try {
    const { size } = statSync(path);
    if (size > SIZE_BYTES_MAX) throw new Error(`it is ${size} bytes long; ${SIZE_BYTES_MAX} are allowed`);
    plain = parse(readFileSync(path, 'utf8'), { maxAliasCount: 100 });
  } catch (error) {
    throw invalid(path, messageOf(error), error);
  }
  const parsed = profileSchema.safeParse(plain ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(path, faults.slice(0, FAULTS_SHOWN_MAX).join('; '));
}

function invalid(name: string, reason: string, cause?: unknown): FieldnoteError {
  return new FieldnoteError(
    'PROFILE_INVALID',
    `Cannot use Modbus profile ${name}: ${reason}`,
    { name },
    cause,
  );
}
