import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KnownModel } from '../../src/models/language-models.ts';
import { type Origin, type Pull, pullModel } from '../../src/models/pull.ts';
import { type Folder, newFolder } from '../support/daemon.ts';
import {
  type Answer,
  cutAfter,
  rangeless,
  silentAfter,
  startModelServer,
  status,
  whole,
} from '../support/model-server.ts';

const SIZE = 300_000;
const BYTES = Buffer.from(Array.from({ length: SIZE }, (_, at) => (at * at * 7 + at) % 251));
const OTHER = Buffer.from(BYTES).fill(1, SIZE - 10);
const MODEL: KnownModel = {
  name: 'small-1',
  about: 'made for the test',
  sizeBytes: SIZE,
  sha256: sha256(BYTES),
  sha256From: 'computed in the test',
  licence: 'Apache-2.0',
  licenceUrl: 'https://www.apache.org/licenses/LICENSE-2.0',
  terms: 'Free to use.',
};

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sha256At(path: string): string | undefined {
  return existsSync(path) ? sha256(readFileSync(path)) : undefined;
}

/** No machine is so slow. */
const PATIENCE = { silenceMs: 20_000, retryMs: 1 };
const NOW_MS = Date.UTC(2026, 10, 23);

let folder: Folder;
const path = () => join(folder.path, 'small-1.gguf');
const partPath = () => `${path()}.part`;

const cut = (bytes: Uint8Array, count: number) => cutAfter(bytes, count, partPath);

beforeEach(async () => {
  folder = await newFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

function pull(origin: Origin, given: Partial<Pull> = {}) {
  const usual = { model: MODEL, folder: folder.path, patience: PATIENCE, nowMs: NOW_MS, onProgress() {} };
  return pullModel({ ...usual, origin, ...given });
}

/** What came of pulling from a server that answers so, one answer for each request. */
async function pullFrom(...answers: readonly Answer[]) {
  await using server = await startModelServer(...answers);
  const error = await pull({ url: server.url }).then(
    () => undefined,
    (thrown: Error & { code: string }) => ({ code: thrown.code, message: thrown.message }),
  );
  return { error, wanted: server.wanted, has: sha256At(path()) };
}

const complete = (wanted: readonly number[]) => ({ error: undefined, wanted, has: MODEL.sha256 });
const refused = (code: string, message: string) => ({
  error: { code, message: expect.stringContaining(message) },
  has: undefined,
});

describe('a model is pulled from a server', () => {
  test('appears under its name, with its licence and where it comes from beside it', async () => {
    await using server = await startModelServer(whole(BYTES));
    const seen: number[] = [];
    const pulled = await pull({ url: server.url }, { onProgress: (bytes) => seen.push(bytes) });
    expect(pulled).toEqual({
      path: path(),
      recordPath: join(folder.path, 'small-1.json'),
      wasThere: false,
    });
    expect(sha256At(path())).toBe(MODEL.sha256);
    expect(JSON.parse(readFileSync(pulled.recordPath, 'utf8'))).toEqual({
      ...MODEL,
      from: server.url,
      pulledAt: '2026-11-23T00:00:00.000Z',
    });
    expect(readdirSync(folder.path).toSorted()).toEqual(['small-1.gguf', 'small-1.json']);
    expect(seen.at(-1)).toBe(SIZE);
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  });

  test('makes the folder, and asks nobody for a file that is there already', async () => {
    await using server = await startModelServer(whole(BYTES));
    const missing = join(folder.path, 'data/llm');
    const results = [];
    for (let times = 0; times < 2; times += 1)
      results.push(await pull({ url: server.url }, { folder: missing }));
    expect(results.map(({ wasThere }) => wasThere)).toEqual([false, true]);
    expect(server.wanted).toEqual([0]);
  });

  test('replaces a file of its name that is damaged', async () => {
    writeFileSync(path(), OTHER);
    expect(await pullFrom(whole(BYTES))).toEqual(complete([0]));
  });

  test('goes on where the connection broke', async () => {
    expect(await pullFrom(cut(BYTES, 100_000), cut(BYTES, 50_000), whole(BYTES))).toEqual(
      complete([0, 100_000, 150_000]),
    );
  });

  test('goes on with what an earlier try left', async () => {
    writeFileSync(partPath(), BYTES.subarray(0, 123_456));
    expect(await pullFrom(whole(BYTES))).toEqual(complete([123_456]));
  });

  test('goes on from wherever it was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: SIZE / 4 }), { maxLength: 3 }), async (cuts) => {
        await using own = await newFolder();
        const cutting = cuts.map((count) =>
          cutAfter(BYTES, count, () => join(own.path, 'small-1.gguf.part')),
        );
        await using server = await startModelServer(...cutting, whole(BYTES));
        await pull({ url: server.url }, { folder: own.path });
        expect(sha256At(join(own.path, 'small-1.gguf'))).toBe(MODEL.sha256);
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  test('begins again with a server that knows no ranges', async () => {
    expect(await pullFrom(cut(BYTES, 100_000), rangeless(BYTES))).toEqual(complete([0, 100_000]));
  });

  test('waits for a server that is busy or broken for a while', async () => {
    expect(await pullFrom(status(503), status(429), whole(BYTES))).toEqual(complete([0, 0, 0]));
  });

  test('leaves a server that says nothing more, and goes on', async () => {
    await using server = await startModelServer(silentAfter(BYTES, 100_000), whole(BYTES));
    await pull({ url: server.url }, { patience: { silenceMs: 1000, retryMs: 1 } });
    expect(sha256At(path())).toBe(MODEL.sha256);
    expect(server.wanted.length).toBeGreaterThan(1);
  });

  test('begins anew, once, when the file changed in between', async () => {
    const changed = Buffer.from(BYTES).fill(9, 0, 1000);
    expect(await pullFrom(cut(changed, 100_000), whole(BYTES))).toMatchObject({
      ...refused('MODEL_INVALID', 'is not small-1: its sha256 is'),
      wanted: [0, 100_000],
    });
    expect(readdirSync(folder.path)).toEqual([]);
    writeFileSync(partPath(), changed.subarray(0, 100_000));
    expect(await pullFrom(whole(BYTES))).toEqual(complete([100_000, 0]));
  });

  test('throws away a part that is longer than the model', async () => {
    writeFileSync(partPath(), Buffer.concat([BYTES, OTHER]));
    expect(await pullFrom(whole(BYTES))).toEqual(complete([0]));
  });

  test('checks a part that is complete, without the server', async () => {
    writeFileSync(partPath(), BYTES);
    expect(await pullFrom(status(500))).toEqual(complete([]));
  });
});

describe('what a server gives is not believed', () => {
  test.each<[string, readonly Answer[], string, string]>([
    ['another file of the same size', [whole(OTHER)], 'MODEL_INVALID', 'nothing was kept'],
    ['a file of another size', [whole(Buffer.alloc(7))], 'DOWNLOAD_FAILED', 'has 7 bytes instead of 300000'],
    ['no such file', [status(404)], 'DOWNLOAD_FAILED', 'the server answers 404'],
    ['a file that wants a login', [status(401)], 'DOWNLOAD_FAILED', 'the server answers 401'],
    ['always broken', [status(503)], 'DOWNLOAD_FAILED', 'the server answers 503'],
    [
      'hangs up at once',
      [(response) => response.destroy()],
      'DOWNLOAD_FAILED',
      'cannot download from 127.0.0.1',
    ],
    ['more than it said', [endless], 'DOWNLOAD_FAILED', 'sends more than 300000 bytes'],
    [
      'a range that nobody asked for',
      [cut(BYTES, 1000), status(206, { 'content-range': `bytes 5-${SIZE - 1}/${SIZE}` })],
      'DOWNLOAD_FAILED',
      'the server answers 206',
    ],
    [
      'another size after the connection broke',
      [cut(BYTES, 1000), whole(Buffer.alloc(SIZE + 1))],
      'DOWNLOAD_FAILED',
      'has 300001 bytes instead of 300000',
    ],
  ])('%s', async (_, answers, code, message) => {
    expect(await pullFrom(...answers)).toMatchObject(refused(code, message));
    // Nothing of it is left, unless there is something to go on with.
    for (const name of readdirSync(folder.path))
      expect(statSync(join(folder.path, name)).size).toBeGreaterThan(0);
  });

  test('nor waited for without end', async () => {
    await using server = await startModelServer(() => {});
    const pulling = pull({ url: server.url }, { patience: { silenceMs: 50, retryMs: 1 } });
    await expect(pulling).rejects.toThrow('nothing came for 0.05 s');
    expect(server.wanted.length).toBeLessThan(5);
  });

  test('follows redirects, with nothing but the request', async () => {
    await using far = await startModelServer(whole(BYTES));
    const near = await pullFrom(status(302, { location: far.url }));
    expect(near).toEqual(complete([0]));
    const headers = Object.keys(far.requests[0]?.headers ?? {});
    expect(headers.filter((name) => /auth|cookie|referer/.test(name))).toEqual([]);
  });

  test('keeps asking for the range behind a redirect', async () => {
    writeFileSync(partPath(), BYTES.subarray(0, 1000));
    await using far = await startModelServer(whole(BYTES));
    expect(await pullFrom(status(307, { location: far.url }))).toEqual(complete([1000]));
    expect(far.wanted).toEqual([1000]);
  });

  test.each([
    ['for ever', '/again', 'more than 5 times'],
    ['to a file', 'file:///etc/passwd', 'not allowed'],
    ['with a password', 'http://user:secret@127.0.0.1/', 'not allowed'],
    ['to nowhere', 'http://', 'not allowed'],
  ])('does not follow redirects %s', async (_, location, message) => {
    const { error, has } = await pullFrom(status(302, { location }));
    expect({ ...error, has }).toMatchObject({
      ...{ code: 'DOWNLOAD_FAILED', message: expect.stringContaining(message), has: undefined },
    });
    expect(error?.message).not.toContain('secret');
  });
});

describe('a model is taken from a file', () => {
  async function pullFile(bytes: Uint8Array) {
    const source = join(folder.path, 'stick.gguf');
    writeFileSync(source, bytes);
    await using file = await open(source);
    return await pull({ path: source, file });
  }

  test('is copied and checked', async () => {
    // What an interrupted download left is no part of another file.
    writeFileSync(partPath(), OTHER);
    await pullFile(BYTES);
    expect(sha256At(path())).toBe(MODEL.sha256);
    expect(existsSync(partPath())).toBe(false);
  });

  test.each([
    [
      'is another one of the same size',
      OTHER,
      /stick\.gguf is not small-1: its sha256 is [0-9a-f]{64} instead/,
    ],
    ['is cut off', BYTES.subarray(0, 10), /stick\.gguf has 10 bytes instead of 300000/],
    ['is empty', Buffer.alloc(0), /stick\.gguf has 0 bytes instead of 300000/],
  ])('is refused when it %s', async (_, bytes, message) => {
    await expect(pullFile(bytes)).rejects.toThrow(message);
    expect(readdirSync(folder.path)).toEqual(['stick.gguf']);
  });

  test('is refused when it is a folder', async () => {
    await using file = await open(folder.path);
    await expect(pull({ path: folder.path, file })).rejects.toThrow('is no file');
  });

  test('is refused when it becomes shorter while it is read', async () => {
    const source = join(folder.path, 'stick.gguf');
    const sizeBytes = 3_000_000;
    writeFileSync(source, Buffer.alloc(sizeBytes));
    await using file = await open(source);
    const pulling = pull(
      { path: source, file },
      { model: { ...MODEL, sizeBytes }, onProgress: () => truncateSync(source, 10) },
    );
    await expect(pulling).rejects.toThrow('became shorter');
  });
});

describe('the disk', () => {
  test('must have room for the model and the store, or nothing is begun', async () => {
    await using server = await startModelServer(whole(BYTES));
    const model = { ...MODEL, sizeBytes: 1e15 };
    await expect(pull({ url: server.url }, { model })).rejects.toThrow(
      /has \d+ MB free, small-1 needs 1000000068 MB: make room/,
    );
    expect(server.wanted).toEqual([]);
  });

  test('says what it refuses', async () => {
    mkdirSync(partPath());
    await using server = await startModelServer(whole(BYTES));
    await expect(pull({ url: server.url })).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});

function endless(...[response]: Parameters<Answer>): void {
  response.writeHead(200);
  const write = () => response.write(BYTES, (error) => error ?? write());
  write();
}

describe('a part of a model', () => {
  const origin = async () => {
    const from = join(folder.path, 'brought');
    writeFileSync(from, BYTES);
    return { path: from, file: await open(from) } as const;
  };

  test.for([
    ['a link', symlinkSync],
    ['a second name', linkSync],
  ] as const)('is never written through %s', async ([, link]) => {
    const victim = join(folder.path, 'victim');
    writeFileSync(victim, 'kept');
    link(victim, partPath());
    await using server = await startModelServer(whole(BYTES));
    await expect(pull({ url: server.url })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      message: expect.stringContaining('.part: it is a link or no file; remove it'),
    });
    expect(readFileSync(victim, 'utf8')).toBe('kept');
  });

  test('is written by one process at a time; the next may begin when that one is done', async () => {
    const started = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    await using server = await startModelServer(async (response, at, request) => {
      started.resolve();
      await goOn.promise;
      whole(BYTES)(response, at, request);
    });
    const first = pull({ url: server.url });
    await started.promise;
    await expect(pull(await origin())).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringMatching(/^another process is bringing small-1 in .*: wait until it is done$/),
    });
    await using elsewhere = await newFolder();
    expect(await pull(await origin(), { folder: elsewhere.path })).toMatchObject({ wasThere: false });
    goOn.resolve();
    expect(await first).toMatchObject({ wasThere: false });
    expect(sha256At(path())).toBe(MODEL.sha256);
    writeFileSync(path(), OTHER);
    expect(await pull(await origin())).toMatchObject({ wasThere: false });
  });
});
