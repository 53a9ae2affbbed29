import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cHeader } from './c-header.ts';
import { definition } from './definition.ts';
import { referencePage } from './reference-page.ts';
import { typescriptModule } from './typescript-module.ts';

/**
 * Everything that speaks the wire protocol takes its numbers from definition.json. Running this file writes what is
 * generated from it; with --check it fails when one of those files is stale.
 *
 * @returns the text of each generated file, by its path from the root of the repository
 */
export function generatedFiles(): Record<string, string> {
  return {
    'firmware-bridge/src/fieldnote_bridge_protocol.h': cHeader(definition),
    'src/decode/bridge/protocol.ts': typescriptModule(definition),
    'docs/reference/wire-protocol.md': referencePage(definition),
  };
}

/** Paths of the generated files that are missing or stale. */
function staleFiles(root: string): string[] {
  return Object.entries(generatedFiles())
    .filter(
      ([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text,
    )
    .map(([path]) => path);
}

function writeFiles(root: string): void {
  for (const [path, text] of Object.entries(generatedFiles())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '../..');
  if (process.argv.includes('--check')) {
    for (const path of staleFiles(root)) {
      console.error(`${path} is stale: run node firmware-bridge/protocol/generate.ts`);
      process.exitCode = 1;
    }
  } else {
    writeFiles(root);
  }
}
