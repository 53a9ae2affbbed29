import { createHash } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { modelsPull } from '../../src/cli/models-pull.ts';
import { KNOWN_MODELS, type KnownModel } from '../../src/models/language-models.ts';
import { newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import { startModelServer, status, whole } from '../support/model-server.ts';

const BYTES = Buffer.alloc(50_000, 'some model');
const SMALL: KnownModel = {
  name: 'small-1',
  about: 'made for the test',
  sizeBytes: BYTES.length,
  sha256: createHash('sha256').update(BYTES).digest('hex'),
  sha256From: 'computed in the test',
  licence: 'Licence-1.0',
  licenceUrl: 'https://example.org/licence',
  terms: 'Free to use on Sundays.',
};

afterEach(() => {
  vi.restoreAllMocks();
});

/** A device, with what the command printed on it. */
async function setUp() {
  const { path: folder, ...end } = await newFolder();
  const dataDir = join(folder, 'data');
  const sources = { mcu: { link: { type: 'unix', path: join(folder, 'mcu.sock') } } };
  const channels = { flow: { from: 'mcu.flow', unit: 'L/min' } };
  const config = writeConfig(folder, {
    site: 'a',
    node: 'b',
    dataDir,
    sources,
    assets: { pump: { channels } },
  });
  const stick = join(folder, 'stick.gguf');
  writeFileSync(stick, BYTES);
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return { ...end, folder, dataDir, config, stick, printed: () => printed };
}

describe('fieldnote models pull', () => {
  test('shows the licence, puts the file into the data folder and prints what the configuration needs', async () => {
    await using device = await setUp();
    await using server = await startModelServer(whole(BYTES));
    await modelsPull('small-1', { config: device.config }, [{ ...SMALL, url: server.url }]);
    const path = join(device.dataDir, 'llm/small-1.gguf');
    expect(readFileSync(path).equals(BYTES)).toBe(true);
    expect(device.printed()).toContain(
      'licence Licence-1.0, https://example.org/licence\nFree to use on Sundays.\n',
    );
    const [, yaml = ''] = device.printed().split('\n\n');
    expect(parse(yaml)).toEqual({ llm: { model: path } });
  });

  test('takes a file where there is no network, and says in JSON what it did', async () => {
    await using device = await setUp();
    const options = {
      config: '/nowhere.yaml',
      to: join(device.folder, 'other'),
      from: device.stick,
      json: true,
    };
    await modelsPull('small-1', options, [SMALL]);
    const path = join(device.folder, 'other/small-1.gguf');
    expect(JSON.parse(device.printed())).toEqual({
      ...SMALL,
      ...{ path, recordPath: path.replace('gguf', 'json'), wasThere: false },
    });
    expect(JSON.parse(readFileSync(path.replace('gguf', 'json'), 'utf8'))).toMatchObject({
      from: device.stick,
    });
  });

  test('says how to go on when there is no network', async () => {
    await using device = await setUp();
    await using server = await startModelServer(status(404));
    const pulling = modelsPull('small-1', { config: device.config }, [{ ...SMALL, url: server.url }]);
    await expect(pulling).rejects.toThrow(/the same command goes on(.|\n)*models pull small-1 --from FILE$/);
  });

  test.skipIf(process.getuid?.() !== 0)('what root pulls belongs to the owner of the data', async () => {
    await using device = await setUp();
    const owner = 12_345;
    mkdirSync(device.dataDir);
    for (const path of [device.folder, device.dataDir]) chownSync(path, owner, owner);
    await modelsPull('small-1', { config: device.config, from: device.stick }, [SMALL]);
    for (const path of ['llm', 'llm/small-1.gguf', 'llm/small-1.json'])
      expect(statSync(join(device.dataDir, path))).toMatchObject({ uid: owner, gid: owner });
  });

  test.each([
    [
      'a name that nobody knows',
      'big-9',
      {},
      'there is no known model big-9; known are small-1. Any other GGUF',
    ],
    ['no name', undefined, {}, 'name the model; known are small-1'],
    ['a model that is no download', 'small-1', {}, 'nobody offers small-1 as one file'],
    [
      'a file that is not there',
      'small-1',
      { from: '/nowhere.gguf' },
      'cannot read --from /nowhere.gguf: ENOENT',
    ],
  ])('refuses %s', async (_, name, options, message) => {
    await using device = await setUp();
    const pulling = modelsPull(name, { config: device.config, ...options }, [SMALL]);
    await expect(pulling).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  test('as a program: lists what is known without a configuration, and ends with 1 on another file', async () => {
    const list = await runFieldnote('models', 'pull', '--list', '--config', '/nowhere.yaml');
    expect(list).toMatchObject({ exitCode: 0, stderr: '' });
    for (const { name, licence } of KNOWN_MODELS)
      expect(list.stdout).toMatch(new RegExp(`^${name} +\\d+ +${licence} `, 'm'));
    await using folder = await newFolder();
    const file = ['--to', folder.path, '--from', import.meta.filename];
    const { exitCode, stderr } = await runFieldnote('models', 'pull', 'gemma-3-270m', ...file);
    expect(stderr).toMatch(
      /^fieldnote: .*cli-models-pull\.test\.ts has \d+ bytes instead of \d+: it is another one$/m,
    );
    expect(exitCode).toBe(1);
  });
});
