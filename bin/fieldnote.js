#!/usr/bin/env node
// Starts the command on a Node that runs TypeScript natively: this one when it is new enough, otherwise the one that
// `npm ci` put into node_modules. Plain JavaScript, because an older Node has to be able to read it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  await import('../src/cli/main.ts');
} else if (existsSync(path('../node_modules/.bin/node'))) {
  const args = [path('../src/cli/main.ts'), ...process.argv.slice(2)];
  const child = spawn(path('../node_modules/.bin/node'), args, { stdio: 'inherit' });
  // A supervisor signals this process; the daemon has to hear it, and this one has to wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  console.error(
    `Fieldnote needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version}. Run \`npm ci\` first: it brings one.`,
  );
  process.exitCode = 1;
}
