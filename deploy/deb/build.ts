import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { program } from '../../src/cli/main.ts';
import { exampleConfig } from '../../src/config/example.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { agentVersion } from '../../src/system/version.ts';
import { commandPages } from './commands.ts';
import { bashCompletion } from './completion.ts';
import { copyrightOf } from './copyright.ts';
import { manPage } from './man-page.ts';
import { run } from './run.ts';
import { TARGETS, type Target } from './target.ts';
import { layOut } from './tree.ts';

/**
 * `npm run deb -- --arch arm64`: builds the Debian package for a processor on any other, in build/deb/. The same commit
 * gives the same bytes. Needs debhelper and, for another processor, its gcc: test/system/install.sh has the names.
 */

const root = join(import.meta.dirname, '../..');
const outDir = join(root, 'build/deb');

const UNITS = [
  'fieldnote.service',
  'fieldnote-update.service',
  'fieldnote-update.path',
  'fieldnote-update-recover.service',
  'fieldnote-usb-update@.service',
];

/**
 * xz is what every dpkg and lintian reads, and at its first level a twentieth larger than at the third, in a third of the
 * time; zstd takes a fraction of that and a sixth more room.
 */
const COMPRESSION = { xz: '-Zxz -z1 --threads-max=2', zstd: '-Zzstd -z6 --threads-max=2' } as const;
type Compression = keyof typeof COMPRESSION;

export interface DebOptions {
  readonly target: Target;
  readonly compression: Compression;
  /** Seconds of Unix time that every file gets. */
  readonly epochS: number;
}

/** Builds one package and gives its path. */
export function buildDeb(options: DebOptions): string {
  const folder = join(outDir, options.target.debian, 'fieldnote');
  prepare(folder, options);
  const packed = packDeb(folder, options);
  const path = join(outDir, basename(packed));
  cpSync(packed, path);
  return path;
}

/** Lays out the program and all that debhelper wants to know of it. */
function prepare(folder: string, { target, epochS }: DebOptions): void {
  rmSync(dirname(folder), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  layOut(join(folder, 'app'), target);
  cpSync(join(import.meta.dirname, 'debian'), join(folder, 'debian'), { recursive: true });
  for (const name of ['fieldnote', 'start', 'usb-update'])
    cpSync(join(import.meta.dirname, name), join(folder, name));
  for (const unit of UNITS)
    cpSync(
      join(root, 'deploy/systemd', unit),
      join(folder, 'debian', unit.replace(/^fieldnote-/, 'fieldnote.fieldnote-')),
    );
  cpSync(join(root, 'deploy/systemd/jetpack6.conf'), join(folder, 'jetpack6.conf'));
  for (const [name, text] of Object.entries(madeFiles(folder, epochS)))
    writeFileSync(join(folder, name), text);
}

/**
 * Packs what was prepared, beside it.
 * @returns path of the package
 */
export function packDeb(folder: string, { target, compression, epochS }: DebOptions): string {
  run('dpkg-buildpackage', ['-b', '-d', '-us', '-uc', '-a', target.debian], {
    cwd: folder,
    env: {
      SOURCE_DATE_EPOCH: String(epochS),
      COMPRESSION: COMPRESSION[compression],
      SCHEMA: String(MIGRATIONS.length),
      // Nothing is compiled here; without it dpkg looks for a cross compiler.
      DEB_BUILD_OPTIONS: 'nocheck',
    },
  });
  return join(dirname(folder), `fieldnote_${agentVersion}_${target.debian}.deb`);
}

function madeFiles(folder: string, epochS: number): Record<string, string> {
  const date = new Date(epochS * 1000);
  const pages = commandPages(program());
  return {
    'fieldnote.8': manPage(pages, { version: agentVersion, date: date.toISOString().slice(0, 10) }),
    'fieldnote.bash': bashCompletion(pages),
    'fieldnote.yaml': exampleConfig({ site: 'my-site', node: 'my-node', serialPath: '/dev/ttyUSB0' }),
    'debian/copyright': copyrightOf(join(folder, 'app')),
    'debian/changelog': changelog(date),
  };
}

function changelog(date: Date): string {
  const when = date.toUTCString().replace('GMT', '+0000');
  return `fieldnote (${agentVersion}) unstable; urgency=medium

  * Version ${agentVersion}. What changed is in the history of the repository.

 -- Fieldnote Team <fieldnote@example.invalid>  ${when}
`;
}

/** When the commit was made, so that whoever builds it gets the same package. */
export function commitEpochS(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  return Number(given ?? run('git', ['log', '-1', '--format=%ct'], { cwd: root }));
}

function main(): void {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', multiple: true, default: TARGETS.map(({ debian }) => debian) },
      compression: { type: 'string', default: 'xz' },
    },
  });
  const compression = values.compression as Compression;
  const targets = TARGETS.filter(({ debian }) => values.arch.includes(debian));
  if (targets.length !== values.arch.length || !(compression in COMPRESSION)) {
    console.error('usage: npm run deb -- [--arch amd64|arm64]... [--compression xz|zstd]');
    process.exit(2);
  }
  for (const target of targets) {
    const path = buildDeb({ target, compression, epochS: commitEpochS() });
    const installedKiB = Number(run('dpkg-deb', ['--field', path, 'Installed-Size']));
    const sizes = `${megabytes(statSync(path).size)} MB, ${megabytes(installedKiB * 1024)} MB installed`;
    console.log(`${path}: ${sizes}, sha256 ${run('sha256sum', [path]).slice(0, 64)}`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

if (import.meta.main) main();
