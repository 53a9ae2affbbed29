import { open } from 'node:fs/promises';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import {
  bringsAgent,
  bringsConfiguration,
  bringsModels,
  type Manifest,
  PREFIX_BYTES,
} from '../update/bundle.ts';
import { headSizeOf, readHead } from '../update/head.ts';
import { trustedKeys } from '../update/trusted-keys.ts';

/** `fieldnote update show`. */
export async function updateShow(
  path: string,
  { keys, json }: { keys: string; json?: boolean },
): Promise<void> {
  await using file = await open(path, 'r').catch((error) => {
    throw new FieldnoteError('BAD_ARGUMENT', `${path} cannot be read: ${messageOf(error)}`, { path }, error);
  });
  const read = async (length: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  };
  const { manifest } = readHead(await read(headSizeOf(await read(PREFIX_BYTES))), trustedKeys(keys));
  process.stdout.write(`${json ? JSON.stringify(manifest, null, 2) : textOf(manifest)}\n`);
}

function textOf(manifest: Manifest): string {
  const { architecture, site, nodes } = manifest.for;
  const brings = [
    bringsAgent(manifest) && `agent (${architecture}, store schema ${manifest.storeSchema})`,
    bringsModels(manifest) && 'models',
    bringsConfiguration(manifest) && 'configuration',
  ].filter(Boolean);
  return [
    `update ${manifest.sequence} (${manifest.name}), rightly signed`,
    `  brings ${brings.join(', ')}: ${manifest.files.length} files`,
    `  for ${nodes?.join(', ') ?? 'every device'}${site === undefined ? '' : ` of the site ${site}`}`,
    `  made ${manifest.createdAt}, to be taken until ${manifest.notAfter}`,
    `  stays after ${manifest.healthWindowS} s without a restart`,
  ].join('\n');
}
