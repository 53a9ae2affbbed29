import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { messageOf } from '../src/system/errors.ts';
import { createLog } from '../src/system/log.ts';
import { alteredText, measureAltered } from './altered.ts';
import { barTable, isMissed, type Outcome } from './bar-table.ts';
import { bearings } from './bearings.ts';
import { batadal, skab, tep } from './benchmarks.ts';
import { classifierCost, learnedCost } from './cost.ts';
import { drones } from './drones.ts';
import { healthyPump } from './healthy-pump.ts';
import type { Part, PartTools } from './part.ts';
import { stockWriter, writer } from './writer.ts';

/** `npm run eval`: every figure that the project wants to reach, measured, beside what others published. */

const PARTS: readonly Part[] = [
  ...[skab, batadal, tep, bearings, drones, healthyPump],
  ...[learnedCost, classifierCost, writer, stockWriter],
];
const ALTERED = 'altered';
const NAMES = [...new Set(PARTS.map(({ name }) => name)), ALTERED];

const ROOT = join(import.meta.dirname, '..');

interface Options {
  readonly only: string | undefined;
  readonly data: string;
  readonly json: boolean;
  readonly check: boolean;
}

function parseOptions(): Options {
  const command = new Command('npm run eval --')
    .description('What is measured, the bar, and the best that others published. Takes some minutes.')
    .addArgument(new Argument('[part]', 'measure one part').choices(NAMES))
    .option('--data <dir>', 'folder of the recordings', join(ROOT, '../shared/data'))
    .option('--json', 'the rows as JSON instead of a table', false)
    .option('--check', 'end with 1 when something that was measured is below its bar', false)
    .parse();
  return { only: command.args[0], ...command.opts<Omit<Options, 'only'>>() };
}

/** What a part lacks here; undefined when it can be measured. */
function lackingOf({ needs }: Part, data: string): string | undefined {
  if (needs === undefined) return undefined;
  const path = join(needs.of === 'data' ? data : ROOT, needs.path);
  return existsSync(path) ? undefined : `needs ${path}`;
}

async function outcomesOf(part: Part, tools: PartTools): Promise<Outcome[]> {
  const lacking = lackingOf(part, tools.data);
  if (lacking !== undefined) return part.bars.map((bar) => ({ bar, figure: undefined, lacking }));
  console.error(`${part.name}:`);
  try {
    const figures = await part.measure(tools);
    return part.bars.map((bar, at) => ({ bar, figure: figures[at], lacking: '' }));
  } catch (error) {
    process.exitCode = 1;
    return part.bars.map((bar) => ({ bar, figure: undefined, lacking: messageOf(error) }));
  }
}

async function main({ only, data, json, check }: Options): Promise<void> {
  const tools: PartTools = {
    data,
    log: createLog('error', process.stderr),
    progress: (text) => console.error(`  ${text}`),
  };
  const isWanted = (name: string) => only === undefined || only === name;
  const outcomes: Outcome[] = [];
  for (const part of PARTS) if (isWanted(part.name)) outcomes.push(...(await outcomesOf(part, tools)));
  const hasSkab = lackingOf(skab, data) === undefined;
  const altered = isWanted(ALTERED) && hasSkab ? await measureAltered(tools) : [];
  if (json) console.log(JSON.stringify({ bars: outcomes, altered }, null, 2));
  else {
    if (outcomes.length > 0) console.log(`${barTable(outcomes)}\n`);
    if (altered.length > 0) console.log(alteredText(altered));
    else if (isWanted(ALTERED)) console.log(`altered copies: not measured: ${lackingOf(skab, data)}`);
  }
  if (check && outcomes.some(isMissed)) process.exitCode = 1;
}

await main(parseOptions());
