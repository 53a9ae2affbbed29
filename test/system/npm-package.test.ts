import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { run } from '../../deploy/deb/run.ts';
import { emitJavaScript } from '../../deploy/emit.ts';
import { agentVersion } from '../../src/system/version.ts';
import { eventually, writeConfig } from '../support/daemon.ts';
import { Machine, machineConfig } from '../support/machine.ts';
import { needsCommand } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';

const MINUTES_3 = 180_000;
const TARBALL = `fieldnote-${agentVersion}.tgz`;

/** What is packed beside the JavaScript that is made of src/. */
const BESIDE_PROGRAM = [
  ...['LICENSE', 'README.md', 'bin/fieldnote.js', 'package.json'],
  ...['models/README.md', 'models/language-models.json'],
  ...['models/bearing/model.json', 'models/bearing/model.onnx'],
  ...['models/writer/fieldnote-writer.gguf', 'models/writer/model.json'],
  ...run('git', ['ls-files', 'profiles/modbus'], { cwd: root }).trim().split('\n'),
];

/** The Node that this machine has without the checkout: what a user has who has only npm. */
const OWN_NODE_PATH = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.endsWith('node_modules/.bin'))
  .join(delimiter);

const isPossible = needsCommand('socat');

describe.runIf(isPossible)('the npm package, as npx runs it in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-npm-'));
  // Nothing is installed there yet. Only what npm has fetched before is shared, so that it is not fetched again.
  const env = { npm_config_cache: join(folder, 'cache'), npm_config_loglevel: 'error' };
  const npx = ['--yes', '--ignore-scripts', `./${TARBALL}`];

  beforeAll(() => {
    const shared = join(run('npm', ['config', 'get', 'cache']).trim(), '_cacache');
    mkdirSync(shared, { recursive: true });
    mkdirSync(env.npm_config_cache);
    symlinkSync(shared, join(env.npm_config_cache, '_cacache'));
    // As `npm run package` does, but into a place of its own.
    emitJavaScript(join(root, 'src'), join(root, 'dist'));
    run('npm', ['pack', '--pack-destination', folder], { cwd: root });
    const begin = performance.now();
    expect(run('npx', [...npx, '--version'], { cwd: folder, env })).toBe(`${agentVersion}\n`);
    console.log(`npx, the first time: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    return () => rmSync(folder, { recursive: true, force: true });
  }, MINUTES_3);

  test('holds the program, its models and profiles, and nothing else', () => {
    const files = run('tar', ['--list', '--file', join(folder, TARBALL)])
      .trim()
      .split('\n');
    const program = run('git', ['ls-files', 'src'], { cwd: root })
      .trim()
      .split('\n')
      .filter((path) => !path.endsWith('.c'))
      .map((path) => path.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js'));
    expect(files.map((path) => path.replace(/^package\//, '')).sort()).toEqual(
      [...BESIDE_PROGRAM, ...program].sort(),
    );
  });

  test('brings the Node that it needs to a machine with another one', () => {
    const ownNode = { ...env, PATH: OWN_NODE_PATH };
    const version = run('node', ['--version'], { env: ownNode }).trim();
    console.log(`the machine's own Node is ${version}`);
    expect(run('npx', [...npx, '--version'], { cwd: folder, env: ownNode })).toBe(`${agentVersion}\n`);
  });

  test('says what it needs when it was installed without that Node', () => {
    run('tar', ['--extract', '--file', TARBALL], { cwd: folder });
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, 'package/bin/fieldnote.js'];
    expect(() => run(process.execPath, [...args, '--version'], { cwd: folder })).toThrow(
      /exit status 1\n.*Fieldnote needs Node 24 or later; this is v.*optional dependencies/,
    );
  });

  test('has the profiles that a configuration may name', () => {
    const link = { type: 'serial', path: '/dev/ttyUSB0', baudRate: 9600 };
    const config = {
      ...{ site: 'plant', node: 'pump7', dataDir: join(folder, 'data') },
      sources: { meter: { protocol: 'modbus', link, modbus: { unit: 1, profile: 'eastron-sdm' } } },
      assets: { pump: { channels: { power: { from: 'meter.power', unit: 'W' } } } },
    };
    expect(run('npx', [...npx, 'check', writeConfig(folder, config)], { cwd: folder, env })).toContain(
      'is good',
    );
  });

  test(
    'reads a serial port, learns, judges by its models, and ends when it is interrupted',
    async () => {
      await using machine = await machineOnPort(folder);
      const { mqtt: _, ...config } = machineConfig({
        ...{ dataDir: join(folder, 'data'), socketPath: '', brokerPort: 0 },
      });
      const link = { type: 'serial', path: machine.portPath, baudRate: 115200 };
      const file = writeConfig(folder, { ...config, sources: { mcu: { ...config.sources.mcu, link } } });
      // In a group of its own: a terminal interrupts everything that runs in it.
      const child = spawn('npx', [...npx, 'run', '--config', file], {
        ...{ cwd: folder, env: { ...process.env, ...env } },
        ...{ detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
      });
      const group = -(child.pid ?? 0);
      const ended = once(child, 'close');
      onTestFinished(() => {
        if (child.exitCode === null && child.signalCode === null) process.kill(group, 'SIGKILL');
      });
      let log = '';
      child.stdout?.setEncoding('utf8').on('data', (text) => {
        log += text;
      });
      await eventually(() => expect(log).toMatch(/"msg":"watching pump/));
      process.kill(group, 'SIGINT');
      await ended;
      expect(log).toContain('stopping on SIGINT');
    },
    MINUTES_3,
  );
});

/** A machine that speaks on a serial port. */
async function machineOnPort(folder: string): Promise<AsyncDisposable & { readonly portPath: string }> {
  const machine = new Machine(join(folder, 'machine.sock'));
  const name = join(folder, 'port');
  const socat = spawn('socat', [`UNIX-CONNECT:${machine.path}`, `PTY,raw,echo=0,link=${name}`]);
  const portPath = await eventually(() => realpathSync(name));
  return {
    portPath,
    async [Symbol.asyncDispose]() {
      machine[Symbol.dispose]();
      if (socat.exitCode === null) await once(socat, 'exit');
    },
  };
}
