import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { eventually } from './daemon.ts';

/** Debian's PostgreSQL on a socket in a folder of its own, without a port. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  query(text: string): Promise<Record<string, unknown>[]>;
}

/** Starts it as an unprivileged user: it refuses to run as root. */
export async function startPostgres(): Promise<Postgres> {
  const [version] = readdirSync('/usr/lib/postgresql').sort().reverse();
  const program = (name: string) => join('/usr/lib/postgresql', `${version}`, 'bin', name);
  const folder = mkdtempSync(join(tmpdir(), 'fn-pg-'));
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(program('initdb'), ['-D', data, '-A', 'trust', '-U', 'fieldnote', '--no-sync'], {
    ...user,
    stdio: 'ignore',
  });
  const url = `postgres://fieldnote@localhost/postgres?host=${encodeURIComponent(folder)}`;
  let server: ReturnType<typeof spawn> | undefined;
  const postgres: Postgres = {
    url,
    async start() {
      server = spawn(program('postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses='], {
        ...user,
        stdio: 'ignore',
      });
      await eventually(() => postgres.query('SELECT 1'));
    },
    async kill() {
      const exited = server && once(server, 'exit');
      // "Immediate shutdown": like a crash, but it takes its children with it.
      server?.kill('SIGQUIT');
      server = undefined;
      await exited;
    },
    async query(text) {
      const client = new pg.Client(url);
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await postgres.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await postgres.start();
  return postgres;
}

/** Of the user whom the package has made. */
function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}
