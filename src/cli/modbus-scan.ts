import { identificationOf } from '../modbus/message.ts';
import {
  badArgument,
  type LineOptions,
  openLine,
  targetOf,
  troubleOf,
  wholeNumber,
} from './modbus-connection.ts';
import { progressBar } from './progress-bar.ts';
import { alignedRows } from './table.ts';

export interface ScanOptions extends LineOptions {
  readonly units: string;
  readonly json?: boolean;
}

interface Found {
  readonly unit: number;
  readonly latencyMs: number | undefined;
  readonly identity: string;
  /** What is odd about its answers. */
  readonly trouble: string | undefined;
}

/**
 * `fieldnote modbus scan`: asks each unit for one register, which changes nothing, and those that answer for their name.
 * A device that refuses the register is there too.
 */
export async function modbusScan(options: ScanOptions): Promise<void> {
  const [first, last] = rangeOf(options.units);
  await using line = await openLine(targetOf(options));
  const found: Found[] = [];
  const progress = progressBar(process.stderr, `asking units ${first} to ${last} on ${line.name}`);
  for (let unit = first; unit <= last; unit += 1) {
    const { bus, answerMs } = line;
    const answer = await bus.ask({ unit, function: 3, address: 0, count: 1 }, { answerMs, isProbe: true });
    if (answer.kind === 'closed') throw badArgument(`${line.name} was closed while it was scanned`);
    if (answer.kind === 'data' || answer.kind === 'exception')
      found.push({
        unit,
        latencyMs: answer.latencyMs,
        identity: await identityOf(line, unit),
        trouble: undefined,
      });
    else if (answer.kind !== 'silent')
      found.push({ unit, latencyMs: undefined, identity: '', trouble: troubleOf(answer) });
    progress((unit - first + 1) / (last - first + 1));
  }
  const text = options.json ? JSON.stringify({ line: line.name, found }, null, 2) : tableOf(found, line.name);
  process.stdout.write(`${text}\n`);
}

async function identityOf(
  { bus, answerMs }: Awaited<ReturnType<typeof openLine>>,
  unit: number,
): Promise<string> {
  const answer = await bus.ask({ unit, function: 43, object: 0 }, { answerMs, isProbe: true });
  if (answer.kind !== 'data') return '';
  const objects = identificationOf(answer.data);
  return [0, 1, 2].flatMap((object) => objects.get(object) ?? []).join(' ');
}

function tableOf(found: readonly Found[], line: string): string {
  if (found.length === 0)
    return `Nothing answers on ${line}. Check A and B, the rate, the parity and the stop bits; try a longer --timeout.`;
  const rows = found.map(({ unit, latencyMs, identity, trouble }) => [
    String(unit),
    latencyMs === undefined ? '–' : `${Math.round(latencyMs)} ms`,
    trouble ?? (identity === '' ? 'answers, without a name' : identity),
  ]);
  return alignedRows([['unit', 'after', 'what'], ...rows]).join('\n');
}

function rangeOf(text: string): readonly [number, number] {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = [wholeNumber(first, '--units', [0, 255]), wholeNumber(last, '--units', [0, 255])] as const;
  if (range[0] > range[1]) throw badArgument(`--units ${text}: must be from the lower to the higher`);
  return range;
}
