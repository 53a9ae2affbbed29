import { execFileSync } from 'node:child_process';
import { type KeyObject, sign } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONTENT_BYTES_MAX,
  MAGIC,
  MANIFEST_BYTES_MAX,
  manifestSchema,
  PREFIX_BYTES,
  SIGNATURE_BYTES,
} from '../../src/update/bundle.ts';
import { headSizeOf, readHead, signedHead } from '../../src/update/head.ts';
import { takePayload, unpack } from '../../src/update/unpack.ts';
import { writeBundle } from '../../src/update/write-bundle.ts';
import {
  FACTS,
  filesIn,
  isManifest,
  madeBundle,
  madeParts,
  makerKeys,
  SMALL_AGENT,
  sha256Of,
  strangerKeys,
  writeFiles,
} from '../support/made-update.ts';
import { folderInMemory } from '../support/memory-folder.ts';

const TRUSTED = [makerKeys.publicKey];
const INVALID = { code: 'UPDATE_INVALID' };
const UNTRUSTED = { code: 'UPDATE_UNTRUSTED' };

/** What a device does with a bundle, up to the files. */
async function open(bytes: Buffer, keys: readonly KeyObject[] = TRUSTED): Promise<string> {
  const folder = folderInMemory();
  writeFileSync(join(folder, 'a.update'), bytes);
  const to = join(folder, 'payload');
  const manifest = await takePayload(join(folder, 'a.update'), { keys, to, accept: async () => undefined });
  const release = join(folder, 'release');
  mkdirSync(release);
  await unpack(to, manifest, release);
  return release;
}

describe('a bundle', () => {
  test('gives back what was put into it', async () => {
    expect(filesIn(await open(madeBundle()))).toEqual(SMALL_AGENT);
  });

  test('that was written from folders gives back their files', async () => {
    const folder = folderInMemory();
    writeFiles(folder, SMALL_AGENT);
    const to = join(folder, 'a.update');
    const content = {
      agentFolder: join(folder, 'agent'),
      modelsFolder: join(folder, 'models'),
      configurationPath: join(folder, 'fieldnote.yaml'),
    };
    const shares: number[] = [];
    const onProgress = (share: number) => shares.push(share);
    await writeBundle(to, { content, facts: { ...FACTS }, privateKey: makerKeys.privateKey, onProgress });
    expect(filesIn(await open(readFileSync(to)))).toEqual(SMALL_AGENT);
    expect(shares.at(-1)).toBe(1);
    expect(readdirSync(folder).filter((name) => name.includes('payload'))).toEqual([]);
  });

  test('is read from a folder however its path is written', async () => {
    const folder = folderInMemory();
    writeFiles(folder, SMALL_AGENT);
    for (const agentFolder of [`${folder}/agent/`, `${folder}/./agent`, `${folder}/models/../agent`]) {
      const { files } = await writeBundle(join(folder, 'a.update'), {
        ...{ content: { agentFolder }, facts: { ...FACTS }, privateKey: makerKeys.privateKey },
      });
      expect(files.map(({ path }) => path)).toEqual([
        ...['agent/bin/node', 'agent/dist/cli/main.js', 'agent/empty.txt'],
      ]);
    }
  });

  test('is not written with what no device would take', async () => {
    const folder = folderInMemory();
    writeFiles(folder, [...SMALL_AGENT, { path: 'agent/naïve.txt', content: '' }]);
    const { privateKey } = makerKeys;
    const write = (facts: object, agentFolder = join(folder, 'models')) =>
      writeBundle(join(folder, 'a.update'), {
        ...{ content: { agentFolder }, facts: { ...FACTS, ...facts }, privateKey },
      });
    await expect(write({ healthWindowS: 1e6 })).rejects.toThrow('healthWindowS');
    await expect(write({ for: {} })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    await expect(write({}, join(folder, 'agent'))).rejects.toThrow('naïve.txt cannot be packed');
    await write({});
  });

  test('carries any content', async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 4096 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(contents, async (arrays) => {
        const files = arrays.map((bytes, at) => ({ path: `models/m/${at}`, content: Buffer.from(bytes) }));
        const release = await open(madeBundle({ files }));
        for (const { path, content } of files)
          expect(readFileSync(join(release, path)).equals(content)).toBe(true);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

describe('a bundle that was damaged on the way', () => {
  const bytes = madeBundle();
  const headBytes = headSizeOf(bytes);

  test('is refused wherever it is cut off in its head', () => {
    for (let length = 0; length < headBytes; length++)
      expect(() => readHead(bytes.subarray(0, length), TRUSTED)).toThrow(expect.objectContaining(INVALID));
    expect(readHead(bytes.subarray(0, headBytes), TRUSTED).manifest.sequence).toBe(FACTS.sequence);
  });

  test('is refused wherever it is cut off in its payload', async () => {
    for (let length = headBytes; length < bytes.length; length++)
      await expect(open(bytes.subarray(0, length))).rejects.toMatchObject(INVALID);
  });

  test('is refused with any byte of its head changed', () => {
    const change = fc.tuple(fc.nat({ max: headBytes - 1 }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ mask;
        expect(() => readHead(changed, TRUSTED)).toThrow(/./);
      }),
      { numRuns: 400, seed: 1 },
    );
    for (let at = 0; at < headBytes; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => readHead(changed, TRUSTED)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^UPDATE_(?:INVALID|UNTRUSTED)$/) }),
      );
    }
  });

  test('is refused with any byte of its payload changed, before anything is decompressed', async () => {
    for (let at = headBytes; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(open(changed)).rejects.toThrow('its payload was changed');
    }
  });

  test('is refused when it is changed while it is read', async () => {
    const folder = folderInMemory();
    const path = join(folder, 'a.update');
    writeFileSync(path, bytes);
    const accept = async () =>
      writeFileSync(path, Buffer.concat([bytes.subarray(0, headBytes), Buffer.alloc(999)]));
    const taken = takePayload(path, { keys: TRUSTED, to: join(folder, 'payload'), accept });
    await expect(taken).rejects.toMatchObject(INVALID);
  });

  test('never makes reading of its head throw anything but a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, withMagic) => {
        const given = withMagic ? Buffer.concat([MAGIC, noise]) : Buffer.from(noise);
        expect(() => readHead(given, TRUSTED)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^UPDATE_/) }),
        );
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('a signature', () => {
  test('by a stranger is refused, and taken by who trusts the stranger', async () => {
    const bytes = madeBundle({ privateKey: strangerKeys.privateKey });
    await expect(open(bytes)).rejects.toMatchObject(UNTRUSTED);
    await open(bytes, [...TRUSTED, strangerKeys.publicKey]);
  });

  test('is refused where no key is trusted, and where to put one is said', async () => {
    await expect(open(madeBundle(), [])).rejects.toThrow('/etc/fieldnote/update-keys');
  });

  test('of the manifest alone, as another kind of document may have it, is refused', () => {
    const { manifest } = madeParts();
    const right = signedHead(manifest, makerKeys.privateKey);
    const text = right.subarray(PREFIX_BYTES, right.length - SIGNATURE_BYTES);
    const wrong = Buffer.concat([
      right.subarray(0, -SIGNATURE_BYTES),
      sign(null, text, makerKeys.privateKey),
    ]);
    expect(() => readHead(wrong, TRUSTED)).toThrow(expect.objectContaining(UNTRUSTED));
    expect(readHead(right, TRUSTED).manifest).toEqual(manifest);
  });

  test('is looked at before the manifest is', () => {
    const text = Buffer.from('{ this is no JSON');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    const head = Buffer.concat([MAGIC, length, text]);
    const unsigned = Buffer.concat([head, Buffer.alloc(SIGNATURE_BYTES)]);
    expect(() => readHead(unsigned, TRUSTED)).toThrow(expect.objectContaining(UNTRUSTED));
    const signature = sign(null, Buffer.concat([MAGIC, text]), makerKeys.privateKey);
    expect(() => readHead(Buffer.concat([head, signature]), TRUSTED)).toThrow('its manifest is no JSON');
  });
});

describe('paths of a bundle', () => {
  const withPath = (path: string) => ({
    ...madeParts({ files: [...SMALL_AGENT, { path, content: 'x' }] }).manifest,
  });

  test.each([
    ...[
      '../outside',
      'agent/../../outside',
      '/etc/passwd',
      'agent//twice',
      'agent/',
      'agent',
      'agent/./here',
    ],
    ...[
      'agent/..',
      'other/file',
      'agent\\file',
      'agent/a\0b',
      'agent/a\nb',
      'fieldnote.yaml/below',
      ' agent/a',
    ],
    ...['models', 'agent/ü', 'agent/a*b', `agent/${'a/'.repeat(300)}a`, 'state.json', 'current', ''],
  ])('%j is refused', (path) => {
    expect(isManifest(withPath(path))).toBe(false);
  });

  test.each([
    ...['agent/a', 'agent/node_modules/@scope/name-1.2+3,4=5/.keep', 'agent/...three', 'models/..two'],
  ])('%j is taken', (path) => {
    expect(isManifest(withPath(path))).toBe(true);
  });

  test('that are taken stay below their folder, whatever they are', () => {
    const piece = fc.constantFrom('agent', 'models', '.', '..', '...', '/', '\\', 'a', '@', '~', '\0', ' ');
    const path = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    );
    const below = fc.tuple(fc.constantFrom('', 'agent/', 'models/'), path).map((parts) => parts.join(''));
    fc.assert(
      fc.property(below, (name) => {
        if (isManifest(withPath(name)))
          expect(resolve('/releases/5', name)).toMatch(
            /^\/releases\/5\/(?:agent\/|models\/|fieldnote\.yaml$)/,
          );
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test('of which one is a file and a folder at once write nothing outside', async () => {
    const files = [
      { path: 'models/a', content: 'file' },
      { path: 'models/a/b', content: 'below a file' },
    ];
    await expect(open(madeBundle({ files }))).rejects.toThrow(/./);
  });

  test('named twice are refused', () => {
    const { manifest } = madeParts();
    expect(isManifest({ ...manifest, files: [...manifest.files, manifest.files[0]] })).toBe(false);
  });
});

describe('a bundle from a hand that is trusted, but wrong,', () => {
  const [first] = SMALL_AGENT;

  test('that is a bomb is stopped at the size that its manifest names', async () => {
    const folder = folderInMemory();
    const made = {
      content: Buffer.alloc(64 * 1024 * 1024),
      files: [{ path: 'models/bomb', content: 'tiny' }],
    };
    const { manifest, payload } = madeParts({
      ...made,
      lies: { 'models/bomb': { sha256: sha256Of('\0\0\0\0') } },
    });
    writeFileSync(join(folder, 'payload'), payload);
    await expect(unpack(join(folder, 'payload'), manifest, folder)).rejects.toThrow('more than its manifest');
    expect(statSync(join(folder, 'models/bomb')).size).toBe(4);
    expect(payload.length).toBeLessThan(10_000);
  });

  test('whose payload ends too early is refused', async () => {
    const content = Buffer.from('short');
    await expect(open(madeBundle({ content }))).rejects.toThrow('its payload ends before');
  });

  test('whose payload is not compressed is refused', async () => {
    const { manifest } = madeParts();
    const payload = Buffer.from('no zstd, but with the right hash');
    const said = { ...manifest, payload: { sizeBytes: payload.length, sha256: sha256Of(payload) } };
    const bytes = Buffer.concat([signedHead(said, makerKeys.privateKey), payload]);
    await expect(open(bytes)).rejects.toMatchObject(INVALID);
  });

  test('whose payload cannot be read is refused, and not waited for', async () => {
    const folder = folderInMemory();
    await expect(unpack(join(folder, 'gone'), madeParts().manifest, folder)).rejects.toMatchObject(INVALID);
  });

  test('with another hash of a file is refused', async () => {
    const lies = { [first?.path ?? '']: { sha256: sha256Of('other') } };
    await expect(open(madeBundle({ lies }))).rejects.toThrow(`${first?.path} is not what its manifest says`);
  });

  test.each([
    ['of another format', { format: 2 }],
    ['with a key that nobody knows', { other: 1 }],
    ['without a sequence', { sequence: undefined }],
    ['with a sequence of 0', { sequence: 0 }],
    ['with a broken sequence', { sequence: 1.5 }],
    ['with a sequence that cannot be counted up', { sequence: 2 ** 53 }],
    ['without an end', { notAfter: undefined }],
    ['with an end that is no time', { notAfter: 'next year' }],
    ['with a window of no length', { healthWindowS: 0 }],
    ['with a window of years', { healthWindowS: 1e8 }],
    ['for no node', { for: { architecture: 'arm64', nodes: [] } }],
    ['with an agent for any processor', { for: {} }],
    ['with an agent and no schema', { storeSchema: undefined }],
    ['without files', { files: [] }],
  ])('%s is refused', (_, change) => {
    const { manifest } = madeParts();
    expect(isManifest(manifest)).toBe(true);
    expect(isManifest({ ...manifest, ...change })).toBe(false);
  });

  test('that would fill the disk is refused', () => {
    const { manifest } = madeParts();
    const half = { sizeBytes: CONTENT_BYTES_MAX / 2 + 1, sha256: sha256Of('') };
    const files = ['models/a', 'models/b'].map((path) => ({ path, ...half }));
    expect(isManifest({ ...manifest, files })).toBe(false);
    expect(isManifest({ ...manifest, files: files.slice(1) })).toBe(true);
  });

  test('with too many files is refused, and says so', () => {
    const { manifest } = madeParts();
    const files = Array.from({ length: 20_001 }, (_, at) => ({
      ...{ path: `models/${at}`, sizeBytes: 0, sha256: sha256Of('') },
    }));
    expect(manifestSchema.safeParse({ ...manifest, files }).error?.issues[0]?.path).toEqual(['files']);
  });
});

describe('what calls itself a bundle', () => {
  test('with a manifest that is too long is refused before it is read', () => {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    MAGIC.copy(prefix);
    prefix.writeUInt32BE(MANIFEST_BYTES_MAX + 1, MAGIC.length);
    expect(() => headSizeOf(prefix)).toThrow('too long');
    prefix.writeUInt32BE(MANIFEST_BYTES_MAX, MAGIC.length);
    expect(headSizeOf(prefix)).toBe(PREFIX_BYTES + MANIFEST_BYTES_MAX + SIGNATURE_BYTES);
  });

  test('and is a link, a pipe or a folder is refused, without waiting for it', async () => {
    const folder = folderInMemory();
    writeFileSync(join(folder, 'real'), madeBundle());
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    mkdirSync(join(folder, 'folder'));
    const take = (name: string) =>
      takePayload(join(folder, name), {
        ...{ keys: TRUSTED, to: join(folder, 'payload'), accept: async () => undefined },
      });
    for (const name of ['link', 'pipe', 'folder']) {
      await expect(take(name)).rejects.toThrow(/./);
      expect(existsSync(join(folder, 'payload'))).toBe(false);
    }
    await take('real');
  });

  test('and is not accepted leaves nothing', async () => {
    const folder = folderInMemory();
    writeFileSync(join(folder, 'a'), madeBundle());
    const accept = () => Promise.reject(new Error('not for me'));
    const to = join(folder, 'payload');
    await expect(takePayload(join(folder, 'a'), { keys: TRUSTED, to, accept })).rejects.toThrow('not for me');
    expect(existsSync(to)).toBe(false);
  });
});
