import { z } from 'zod';

/**
 * An update bundle is one file:
 *
 *     magic, 16 bytes                       fieldnote-update
 *     length of the manifest, 4 bytes       big-endian
 *     manifest                              JSON (UTF-8)
 *     signature, 64 bytes                   ed25519 (RFC 8032) over magic and manifest
 *     payload                               zstd (RFC 8878): the contents of the files, one after the other
 *
 * The manifest holds the hash of the payload, so that nothing is decompressed that nobody has signed.
 */
export const MAGIC = Buffer.from('fieldnote-update');
export const SIGNATURE_BYTES = 64;
/** Before the manifest. */
export const PREFIX_BYTES = MAGIC.length + 4;
/** The agent has 3,200 files, which take 600 KB of manifest. */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;
export const PAYLOAD_BYTES_MAX = 512 * 1024 * 1024;
/** Of all files together, decompressed. */
export const CONTENT_BYTES_MAX = 1024 * 1024 * 1024;
/** How its file is named: bundles of reports are something else. */
export const UPDATE_SUFFIX = '.update';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

/** Relative, of plain names, so that it stays below the folder that it is unpacked into. */
export const bundlePath = z
  .string()
  .max(400)
  .regex(
    /^(?:agent|models)(?:\/(?!\.{1,2}(?:\/|$))[\w@+.,= -]+)+$|^fieldnote\.yaml$/,
    'is no path of a bundle',
  );

const file = z.strictObject({
  path: bundlePath,
  sizeBytes: z.int().min(0).max(CONTENT_BYTES_MAX),
  sha256,
  executable: z.literal(true).optional(),
});

export const manifestSchema = z
  .strictObject({
    format: z.literal(1),
    /** Higher than that of every update before it. */
    sequence: z.int().min(1),
    /** What a person calls it. */
    name: z.string().min(1).max(100),
    createdAt: z.iso.datetime(),
    /** After it nobody takes the update any more: an old one that was forgotten on a stick. */
    notAfter: z.iso.datetime(),
    for: z.strictObject({
      /** As process.arch has it; absent when it brings no agent. */
      architecture: z.enum(['arm64', 'x64']).optional(),
      site: z.string().max(64).optional(),
      nodes: z.array(z.string().max(64)).min(1).max(1000).optional(),
    }),
    /** So long the agent has to run without a restart before the update stays, s. */
    healthWindowS: z.int().min(10).max(86_400),
    /** Schema of the store that its agent writes; absent when it brings no agent. */
    storeSchema: z.int().min(1).optional(),
    payload: z.strictObject({ sizeBytes: z.int().min(1).max(PAYLOAD_BYTES_MAX), sha256 }),
    files: z.array(file).min(1).max(20_000),
  })
  .refine(({ files }) => new Set(files.map(({ path: name }) => name)).size === files.length, {
    message: 'names a file twice',
    path: ['files'],
  })
  .refine(({ files }) => contentBytesOf({ files }) <= CONTENT_BYTES_MAX, {
    message: `hold more than ${CONTENT_BYTES_MAX} bytes`,
    path: ['files'],
  })
  .refine((manifest) => !bringsAgent(manifest) || (manifest.storeSchema && manifest.for.architecture), {
    message: 'an agent needs storeSchema and for.architecture',
    path: ['storeSchema'],
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type BundledFile = z.infer<typeof file>;

interface Content {
  readonly files: readonly BundledFile[];
}

export function contentBytesOf({ files }: Content): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

export function bringsAgent({ files }: Content): boolean {
  return files.some(({ path: name }) => name.startsWith('agent/'));
}

export function bringsModels({ files }: Content): boolean {
  return files.some(({ path: name }) => name.startsWith('models/'));
}

export function bringsConfiguration({ files }: Content): boolean {
  return files.some(({ path: name }) => name === 'fieldnote.yaml');
}
