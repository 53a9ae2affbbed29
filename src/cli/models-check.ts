import { loadConfig } from '../config/load.ts';
import { chosenAsset, configuredAsset } from './asset-choice.ts';
import { type Check, checkModel } from './model-check.ts';

export interface ModelsCheckOptions {
  readonly config: string;
  readonly asset?: string;
  readonly json?: boolean;
}

/**
 * `fieldnote models check`: each check of a package a line. The configuration is read only when an asset is named.
 * @throws FieldnoteError MODEL_INVALID or MODEL_MISMATCH when a check fails
 */
export async function modelsCheck(folder: string, options: ModelsCheckOptions): Promise<void> {
  const checks: Check[] = [];
  const onCheck = (check: Check) => {
    checks.push(check);
    if (!options.json) process.stdout.write(`${checkLine(check)}\n`);
  };
  try {
    await checkModel({ folder, asset: namedAsset(options), onCheck });
  } finally {
    if (options.json) process.stdout.write(`${JSON.stringify({ folder, checks }, null, 2)}\n`);
  }
  if (!options.json && options.asset === undefined)
    process.stdout.write('Its fit to a machine was not checked: name one with --asset.\n');
}

function namedAsset({ config: path, asset: name }: ModelsCheckOptions) {
  if (name === undefined) return undefined;
  const { config } = loadConfig(path);
  const key = chosenAsset(config, name);
  return { key, config: configuredAsset(config, key) };
}

/** "ok      package  …" */
export function checkLine({ what, isPassed, detail }: Check): string {
  return `${(isPassed ? 'ok' : 'failed').padEnd(6)}  ${what.padEnd(7)}  ${detail}`;
}
