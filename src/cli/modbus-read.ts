import { setTimeout as sleep } from 'node:timers/promises';
import { profileSchema } from '../modbus/profile.ts';
import { readProfile } from '../modbus/read-profile.ts';
import {
  type Block,
  blocksOf,
  placedChannels,
  type ReadValue,
  requestOf,
  stateOf,
  valuesOf,
} from '../modbus/registers.ts';
import { runsOf } from '../modbus/slave.ts';
import type { ModbusSourceConfig } from '../modbus-line.ts';
import { FieldnoteError } from '../system/errors.ts';
import {
  badArgument,
  durationOption,
  type LineOptions,
  type OpenLine,
  openLine,
  targetOf,
  troubleOf,
  wholeNumber,
} from './modbus-connection.ts';
import { alignedRows } from './table.ts';

export interface ReadOptions extends LineOptions {
  readonly table: string;
  readonly register?: string;
  readonly count: string;
  readonly json?: boolean;
}

export interface WatchOptions extends ReadOptions {
  readonly every: string;
}

/** A value that was read, or why it was not. */
type Row =
  | { readonly name: string; readonly register: number; readonly read: ReadValue }
  | { readonly name: string; readonly register: number; readonly trouble: string };

/** Clears a terminal from its upper left corner. */
const CLEAR = '\u001b[H\u001b[2J';

/**
 * `fieldnote modbus read`: the values of a device once, by its profile, or raw registers.
 * @throws FieldnoteError LINK_SILENT when it answers nothing at all
 */
export async function modbusRead(options: ReadOptions): Promise<void> {
  const target = targetOf(options);
  const blocks = blocksToRead(options, target);
  await using line = await openLine(target);
  const rows = await readAll(line, target.modbus.unit, blocks);
  process.stdout.write(`${options.json ? JSON.stringify(valuesJson(rows)) : tableOf(rows)}\n`);
  const [first] = rows;
  if (first !== undefined && rows.every((row) => 'trouble' in row)) throw nothingRead(target, line, first);
}

/** `fieldnote modbus watch`: the same again and again, until it is stopped. */
export async function modbusWatch(options: WatchOptions): Promise<void> {
  const everyMs = durationOption(options.every, '--every');
  const target = targetOf(options);
  const blocks = blocksToRead(options, target);
  await using line = await openLine(target);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const isDrawn = process.stdout.isTTY && !options.json;
  while (!stopping.signal.aborted) {
    const rows = await readAll(line, target.modbus.unit, blocks);
    const text = options.json ? JSON.stringify(valuesJson(rows)) : tableOf(rows);
    process.stdout.write(`${isDrawn ? CLEAR : ''}${text}\n`);
    await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

function blocksToRead({ register, count, table }: ReadOptions, { modbus }: ModbusSourceConfig): Block[] {
  if (register === undefined) {
    if (modbus.profile === '')
      throw badArgument('say what to read: --profile <name or path>, or --register <address>');
    const profile = readProfile(modbus.profile);
    return blocksOf(placedChannels(profile, modbus.channels), profile);
  }
  const first = wholeNumber(register, '--register', [0, 65_535]);
  const size = wholeNumber(count, '--count', [1, 125]);
  const type = table === 'coil' || table === 'discrete' ? 'bit' : 'uint16';
  const registers = Array.from({ length: size }, (_, at) => first + at);
  const channels = Object.fromEntries(registers.map((at) => [`r${at}`, { register: at, type }]));
  const parsed = profileSchema.safeParse({
    title: 'raw',
    source: 'by hand',
    checked: 'device',
    table,
    channels,
  });
  if (!parsed.success)
    throw badArgument(
      `--table ${table} --register ${register}: must be holding, input, coil or discrete, up to 65535`,
    );
  return blocksOf(placedChannels(parsed.data), parsed.data);
}

async function readAll(line: OpenLine, unit: number, blocks: readonly Block[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const block of blocks) rows.push(...(await readBlock(line, unit, block)));
  return rows;
}

/** What a device refuses at once is asked for in parts, as the daemon does. */
async function readBlock(line: OpenLine, unit: number, block: Block): Promise<Row[]> {
  const { bus, answerMs } = line;
  const answer = await bus.ask(requestOf(block, unit), { answerMs });
  if (answer.kind === 'data')
    return valuesOf(block, answer.data).map((read) => {
      return { name: read.channel.name, register: read.channel.register, read };
    });
  if (answer.kind === 'closed') throw new FieldnoteError('LINK_LOST', `Lost ${line.name}: it was closed`);
  const isRefused = answer.kind === 'exception' && (answer.code === 2 || answer.code === 3);
  if (isRefused && block.channels.length > 1) return readAll(line, unit, runsOf(block));
  const trouble = troubleOf(answer) ?? '';
  return block.channels.map(({ name, register }) => ({ name, register, trouble }));
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    if ('trouble' in row) return [row.name, '–', '', String(row.register), row.trouble];
    const { value, isRefused, channel } = row.read;
    const note = isRefused ? 'the device says that it has no value' : (stateOf(channel, value) ?? '');
    return [row.name, isRefused ? '–' : shown(value), channel.unit, String(row.register), note];
  });
  return alignedRows([['channel', 'value', 'unit', 'register', ''], ...cells]).join('\n');
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
}

/** As the lines of a recording are: a replay can read them. */
function valuesJson(rows: readonly Row[]): Record<string, number | null> {
  return Object.fromEntries(
    rows.map((row) => [row.name, 'trouble' in row || row.read.isRefused ? null : row.read.value]),
  );
}

function nothingRead({ modbus }: ModbusSourceConfig, line: OpenLine, row: Row): FieldnoteError {
  const reason = 'trouble' in row ? row.trouble : '';
  return new FieldnoteError('LINK_SILENT', `Unit ${modbus.unit} on ${line.name} gave no value: ${reason}`);
}
