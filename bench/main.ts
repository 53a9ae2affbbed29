import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { messageOf } from '../src/system/errors.ts';
import { decoding } from './decoding.ts';
import { judging } from './judging.ts';
import { machineText } from './machine.ts';
import { mavlink } from './mavlink.ts';
import { models } from './models.ts';
import type { Bench, Part } from './part.ts';
import { publishing } from './publishing.ts';
import { reading } from './reading.ts';
import { reporting } from './reporting.ts';
import type { Row } from './row.ts';
import { starting } from './starting.ts';
import { storing } from './storing.ts';
import { ratioOf, tableOf } from './table.ts';
import { watching } from './watching.ts';
import { writing } from './writing.ts';

/** `npm run bench`: one table of figures, each beside a raw baseline that was measured in the same run. */

const PARTS: readonly Part[] = [
  reading,
  decoding,
  mavlink,
  judging,
  models,
  reporting,
  storing,
  publishing,
  starting,
  watching,
  writing,
];

interface Options {
  readonly only: string | undefined;
  readonly json: boolean;
}

function parseOptions(): Options {
  const names = PARTS.map(({ name }) => name);
  return new Command('npm run bench --')
    .description('Figures of the whole way of a sample, as ratios against a raw baseline of the same run.')
    .addOption(new Option('--only <part>', 'measure one part').choices(names))
    .option('--json', 'the rows as JSON instead of a table', false)
    .parse()
    .opts();
}

/** New folders, removed with the process. */
function createBench(): Bench {
  const build = join(import.meta.dirname, '../build');
  mkdirSync(build, { recursive: true });
  const diskFolder = mkdtempSync(join(build, 'bench-'));
  const temporaryFolder = mkdtempSync(join(tmpdir(), 'fieldnote-bench-'));
  process.once('exit', () => {
    for (const folder of [diskFolder, temporaryFolder]) rmSync(folder, { recursive: true, force: true });
  });
  return { diskFolder, temporaryFolder, say: (text) => console.error(`  ${text}`) };
}

/** The rows of a part; none, and a failure at the end, when it cannot be measured here. */
async function measure({ name, measure }: Part, bench: Bench): Promise<readonly Row[]> {
  const startMs = performance.now();
  console.error(`${name}:`);
  try {
    return await measure(bench);
  } catch (error) {
    process.exitCode = 1;
    console.error(`  cannot be measured: ${messageOf(error)}`);
    return [];
  } finally {
    bench.say(`took ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  }
}

async function main({ only, json }: Options): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const bench = createBench();
  const machine = machineText();
  const rows: Row[] = [];
  for (const part of PARTS)
    if (only === undefined || only === part.name) rows.push(...(await measure(part, bench)));
  if (json)
    console.log(JSON.stringify({ machine, rows: rows.map((row) => ({ ...row, ratio: ratioOf(row) })) }));
  else console.log(`${machine}\n\n${tableOf(rows)}`);
}

await main(parseOptions());
