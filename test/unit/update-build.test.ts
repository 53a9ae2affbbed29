import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { updateBuild } from '../../src/cli/update-build.ts';
import { exampleConfig } from '../../src/config/example.ts';
import { readHead } from '../../src/update/head.ts';
import { makerKeys, writeFiles } from '../support/made-update.ts';
import { folderInMemory } from '../support/memory-folder.ts';

const OPTIONS = { sequence: '7', days: '30', healthWindow: '600' };
/** Header of an ELF file for AArch64; nothing else of it is read. */
const NODE_ARM64 = Buffer.concat([
  Buffer.from('\x7fELF\x02\x01\x01'),
  Buffer.alloc(11),
  Buffer.from([183, 0]),
]);

/** What one has in the office. */
function office() {
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const folder = folderInMemory();
  const key = join(folder, 'update-key.pem');
  writeFileSync(key, makerKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const configuration = join(folder, 'fieldnote.yaml');
  writeFileSync(configuration, exampleConfig({ site: 'plant', node: 'pump7', serialPath: '/dev/ttyUSB0' }));
  const agent = join(folder, 'app');
  writeFiles(agent, [
    { path: 'bin/node', content: NODE_ARM64, executable: true },
    { path: 'dist/store/migrations.js', content: 'exports.MIGRATIONS = [1, 2, 3];' },
  ]);
  const bundle = join(folder, 'autumn.update');
  const build = async (options: object) => {
    await updateBuild(bundle, { ...OPTIONS, key, ...options });
    return readHead(readFileSync(bundle), [makerKeys.publicKey]).manifest;
  };
  return { folder, key, configuration, agent, build };
}

describe('fieldnote update build', () => {
  test('reads from an agent for which processor it is and which store it writes', async () => {
    const { agent, build } = office();
    const manifest = await build({ agent });
    expect(manifest).toMatchObject({ name: 'autumn', for: { architecture: 'arm64' }, storeSchema: 3 });
    expect(manifest.for.nodes).toBeUndefined();
    expect(Date.parse(manifest.notAfter) - Date.parse(manifest.createdAt)).toBe(30 * 86_400_000);
  });

  test('gives a configuration to the device that it names, and to no other', async () => {
    const { configuration, build } = office();
    expect((await build({ configuration })).for).toEqual({ site: 'plant', nodes: ['pump7'] });
    expect((await build({ configuration, node: ['pump8'] })).for).toEqual({
      site: 'plant',
      nodes: ['pump8'],
    });
  });

  test.each([
    ['nothing to pack', {}, /nothing to pack/],
    ['a sequence that is no number', { sequence: 'next' }, /--sequence next: must be a whole number/],
    ['days without end', { days: '1e9' }, /--days 1e9: must be a whole number from 1 to 3650/],
    ['a window that is too short', { healthWindow: '9' }, /--health-window 9/],
    ['a window that is too long', { healthWindow: '86401' }, /healthWindowS/],
    ['a folder that is no agent', { agent: '/nowhere' }, /is no laid-out program/],
    ['a key that is none', { key: '/dev/null' }, /cannot be read as a private key/],
  ])('refuses %s', async (_, options, message) => {
    const { folder, build } = office();
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'models', 'model.onnx'), '');
    const models = Object.keys(options).length === 0 ? {} : { models: join(folder, 'models') };
    await expect(build({ ...models, ...options })).rejects.toThrow(message);
  });

  test('packs no configuration that no agent would take', async () => {
    const { configuration, build } = office();
    writeFileSync(configuration, 'site: 7');
    await expect(build({ configuration })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
