#!/usr/bin/env node
// Starts the command on a Node that is new enough: this one, or the one that npm installed with Fieldnote. A checkout runs
// its sources, a package what was made of them. Plain JavaScript, because an older Node has to be able to read it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const program = existsSync(path('../src/cli/main.ts')) ? '../src/cli/main.ts' : '../dist/cli/main.js';

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  const { main } = await import(program);
  await main();
} else {
  const node = bundledNode();
  if (node === undefined) {
    console.error(
      `Fieldnote needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version}. On Linux (x64, arm64) npm brings one with the ` +
        'optional dependencies: install it (in a checkout: npm ci) without leaving them out.',
    );
    process.exitCode = 1;
  } else runOn(node);
}

/** npm puts it beside this package or into it. */
function bundledNode() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    return join(dirname(createRequire(import.meta.url).resolve(name)), 'bin/node');
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const child = spawn(node, [path(program), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A supervisor signals this process; the daemon has to hear it, and this one has to wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
