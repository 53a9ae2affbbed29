import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

/** `'./x.ts'` in an import, a URL or a join: what is loaded from beside. */
const RELATIVE_SOURCE = /(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g;

/**
 * Writes src/ as JavaScript: Node refuses TypeScript below node_modules, and reading it costs each process time and 17 MB.
 * Types become blanks, so that lines and columns in a stack trace are those of the source.
 * @param from folder of TypeScript
 * @param to folder that is made anew
 */
export function emitJavaScript(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' }).sort()) {
    const target = join(to, name);
    mkdirSync(dirname(target), { recursive: true });
    if (name.endsWith('.ts'))
      writeFileSync(target.replace(/\.ts$/, '.js'), javaScriptOf(readFileSync(join(from, name), 'utf8')));
    else if (name.endsWith('.json')) cpSync(join(from, name), target);
  }
}

/** One file: without types, and with the names that its neighbours will have. */
export function javaScriptOf(typeScript: string): string {
  return withoutTrailingBlanks(stripTypeScriptTypes(typeScript)).replace(RELATIVE_SOURCE, '$1$2.js$1');
}

function withoutTrailingBlanks(text: string): string {
  return text.replace(/[ \t]+$/gm, '');
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  emitJavaScript(join(root, 'src'), join(root, 'dist'));
}
