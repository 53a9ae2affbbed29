import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './target.ts';

/** Packages that only build others, or give a compiler its types. */
const BUILD_TIME = ['@types', '@typescript', 'typescript', 'cmake-js', 'node-api-headers', 'node-addon-api'];

/** Sources of llama.cpp, which the prebuilt library needs no more, and texts of its project generator. */
const LLAMA_SOURCES = ['llama/gitRelease.bundle', 'llama/grammars', 'templates'];

/** Nothing loads them: maps, types, notes, and what describes a build. Licences stay. */
const UNUSED_FILE = /\.(?:map|[cm]?ts|md|markdown|html|gypi?|tsbuildinfo)$|^tsconfig.*\.json$|^\./;
const LICENCE = /licen[cs]e|copying|notice/i;
const UNUSED_FOLDER = /^(?:tests?|__tests__|examples?|docs|\..*)$/;

/** Takes away from installed packages what the target never loads: 608 MB become 60. */
export function prune(modules: string, target: Target): void {
  for (const name of BUILD_TIME) remove(join(modules, name));
  for (const name of LLAMA_SOURCES) remove(join(modules, 'node-llama-cpp', name));
  // MQTT.js brings itself once more, bundled for browsers.
  remove(join(modules, 'mqtt/dist'));
  keepOnly(join(modules, 'onnxruntime-node/bin/napi-v6'), ['linux']);
  keepOnly(join(modules, 'onnxruntime-node/bin/napi-v6/linux'), [target.npm]);
  keepOnly(join(modules, '@node-llama-cpp'), [`linux-${target.npm}`]);
  const prebuilds = join(modules, '@serialport/bindings-cpp/prebuilds');
  keepOnly(prebuilds, [`linux-${target.npm}`]);
  for (const name of readdirSync(join(prebuilds, `linux-${target.npm}`)))
    if (name.includes('musl')) remove(join(prebuilds, `linux-${target.npm}`, name));
  removeUnused(modules);
}

function removeUnused(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (UNUSED_FOLDER.test(entry.name)) remove(path);
      else removeUnused(path);
    } else if (UNUSED_FILE.test(entry.name) && !LICENCE.test(entry.name)) remove(path);
  }
  if (readdirSync(folder).length === 0) remove(folder);
}

/** What is to be kept has to be there: a package that is laid out anew must not ship without its library. */
function keepOnly(folder: string, kept: readonly string[]): void {
  const names = readdirSync(folder);
  const missing = kept.find((name) => !names.includes(name));
  if (missing !== undefined) throw new Error(`${folder} has no ${missing}`);
  for (const name of names) if (!kept.includes(name)) remove(join(folder, name));
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
