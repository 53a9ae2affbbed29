import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MIGRATIONS } from '../store/migrations.ts';
import { FieldnoteError } from '../system/errors.ts';
import { UPDATE_SUFFIX } from '../update/bundle.ts';
import { identityOf } from '../update/identity.ts';
import { RELEASES_FOLDER, Releases } from '../update/releases.ts';
import { systemdService } from '../update/service.ts';
import { trustedKeys, UPDATE_KEYS_FOLDER } from '../update/trusted-keys.ts';
import { Updater } from '../update/updater.ts';

/** Where this program is laid out: bin/, dist/ and what else it needs. */
const PROGRAM_FOLDER = fileURLToPath(new URL('../..', import.meta.url));
const CHECK_TIMEOUT_MS = 120_000;

/** `fieldnote update recover`. */
export async function recoverUpdate(configurationPath: string): Promise<void> {
  await updaterOf(configurationPath).recover();
}

/** `fieldnote update take`: what waits, one after the other. */
export async function takeUpdates(configurationPath: string): Promise<void> {
  await updaterOf(configurationPath).endTrial();
  for (;;) {
    const [next] = incomingOf(identityOf(configurationPath).dataDir);
    if (next === undefined) return;
    // Each one may bring another configuration.
    await updaterOf(configurationPath).apply(next);
  }
}

/** What root was given, and what came to the agent. */
function incomingOf(dataDir: string): string[] {
  return [RELEASES_FOLDER, dataDir].flatMap((folder) => {
    const incoming = join(folder, 'incoming');
    const names = namesIn(incoming).filter((name) => name.endsWith(UPDATE_SUFFIX) && !name.startsWith('.'));
    return names.sort().map((name) => join(incoming, name));
  });
}

/** None of what is no folder: the agent may put there what it likes, and must not keep root's bundles from being taken. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function updaterOf(configurationPath: string): Updater {
  const { site, node } = identityOf(configurationPath);
  return new Updater({
    releases: new Releases({ folder: RELEASES_FOLDER, configurationPath }),
    keys: () => trustedKeys(UPDATE_KEYS_FOLDER),
    device: { architecture: process.arch, site, node },
    installed: {
      storeSchema: MIGRATIONS.length,
      builtMs: statSync(join(PROGRAM_FOLDER, 'package.json')).mtimeMs,
    },
    service: systemdService(),
    check: (releaseFolder) => checkRelease(releaseFolder, configurationPath),
    say: (line) => process.stdout.write(`${line}\n`),
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    sleep,
  });
}

/** Asks the agent that would run whether it would start with the configuration that it would have. */
async function checkRelease(releaseFolder: string, configurationPath: string): Promise<void> {
  const brought = {
    agent: join(releaseFolder, 'agent'),
    configuration: join(releaseFolder, 'fieldnote.yaml'),
  };
  const program = existsSync(brought.agent) ? brought.agent : PROGRAM_FOLDER;
  const configuration = existsSync(brought.configuration) ? brought.configuration : configurationPath;
  try {
    const main = join(program, 'dist/cli/main.js');
    await promisify(execFile)(join(program, 'bin/node'), [main, 'check', configuration], {
      timeout: CHECK_TIMEOUT_MS,
      cwd: dirname(configuration),
    });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new FieldnoteError(
      'UPDATE_REFUSED',
      `its agent refuses the configuration: ${said || error}`,
      {},
      error,
    );
  }
}
