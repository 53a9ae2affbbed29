import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/**
 * debian/copyright: our own, and every package that is bundled with the licence that it names for itself.
 * @param app the laid out program
 */
export function copyrightOf(app: string): string {
  const paragraphs = bundledIn(join(app, 'node_modules')).map(
    ({ name, version, license }) =>
      `Files: usr/lib/fieldnote/node_modules/${name}/*\n` +
      `Copyright: the authors of ${name} ${version}\n` +
      `License: ${license.replaceAll(/[()]/g, '').replaceAll(' OR ', ' or ').replaceAll(' AND ', ' and ')}\n` +
      ' The text lies in the folder of the package, where its authors ship one.',
  );
  return `${[OURS, NODE, ...paragraphs].join('\n\n')}\n`;
}

const OURS = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: fieldnote

Files: *
Copyright: 2026 Fieldnote Team
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.`;

const NODE = `Files: usr/lib/fieldnote/bin/node
Copyright: Node.js contributors
License: Expat
 The text, with those of all that Node.js bundles, is in /usr/lib/fieldnote/bin/LICENSE.`;

/** Packages below a folder of modules, those inside of others included, by name. */
function bundledIn(modules: string): Bundled[] {
  const found = readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
    .map((path) => ({
      ...JSON.parse(readFileSync(join(modules, path), 'utf8')),
      name: path.replace('/package.json', ''),
    }));
  return found
    .map(({ name, version, license }) => ({ name, version, license: licenseName(license) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Older packages give an object. */
function licenseName(license: string | { type: string } | undefined): string {
  return (typeof license === 'string' ? license : license?.type) ?? 'unknown';
}
