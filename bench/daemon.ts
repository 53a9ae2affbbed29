import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNode } from './children.ts';
import type { configurationOf } from './configuration.ts';

const FIELDNOTE = join(import.meta.dirname, '../bin/fieldnote.js');

/** Starts the daemon as a user does, with a configuration that is written to `configPath`; its log is in `stdout`. */
export function startDaemon(
  configPath: string,
  configuration: ReturnType<typeof configurationOf>,
): ChildProcess {
  // JSON is YAML.
  writeFileSync(configPath, JSON.stringify(configuration));
  return startNode([FIELDNOTE, 'run', '--config', configPath], { stdio: ['ignore', 'pipe', 'inherit'] });
}
