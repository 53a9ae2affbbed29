import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type Config, configSchema } from './schema.ts';
import { withVehicleChannels } from './vehicle-channels.ts';

const SIZE_BYTES_MAX = 1024 * 1024;
/** `&a [*b, *b]` nested a few times would otherwise unfold to gigabytes. */
const ALIASES_MAX = 100;
const SHOWN_VALUE_LENGTH_MAX = 80;

export interface LoadedConfig {
  readonly config: Config;
  /** Of the file, hex: every report names the configuration that it was made under. */
  readonly sha256: string;
}

/** One fault of a configuration: where, what stands there, and why it is wrong. */
export interface ConfigFault {
  readonly line: number;
  readonly key: string;
  readonly value: string;
  readonly reason: string;
}

/**
 * Reads and checks a configuration file.
 * @throws FieldnoteError CONFIG_UNREADABLE when there is no such file, CONFIG_INVALID with every fault at once
 */
export function loadConfig(path: string): LoadedConfig {
  const text = readText(path);
  const result = parseConfig(text);
  if ('config' in result)
    return { config: result.config, sha256: createHash('sha256').update(text).digest('hex') };
  const lines = result.faults.map((fault) => `${path}:${fault.line}: ${faultText(fault)}`);
  const count = lines.length === 1 ? '1 fault' : `${lines.length} faults`;
  throw new FieldnoteError('CONFIG_INVALID', [`${count} in the configuration:`, ...lines].join('\n  '), {
    path,
    faults: result.faults,
  });
}

/** Checks the text of a configuration: the configuration, or every fault in it. */
export function parseConfig(text: string): { config: Config } | { faults: readonly ConfigFault[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => {
      const line = lineCounter.linePos(error.pos[0]).line;
      return { line, key: '', value: '', reason: `is not YAML here: ${error.message}` };
    });
    return { faults };
  }
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return { faults: [{ line: 1, key: '', value: '', reason: messageOf(error) }] };
  }
  const parsed = configSchema.safeParse(plain ?? {}, { reportInput: true });
  if (parsed.success) return { config: withVehicleChannels(parsed.data) };
  const lineOf = (path: readonly PropertyKey[]) => lineOfPath(document.contents, path, lineCounter);
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, lineOf));
  return { faults: faults.sort((a, b) => a.line - b.line) };
}

type Issue = {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly keys?: readonly string[];
};

function faultsOf(issue: Issue, lineOf: (path: readonly PropertyKey[]) => number): ConfigFault[] {
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => {
      const path = [...issue.path, key];
      return { line: lineOf(path), key: path.join('.'), value: '', reason: 'is not a known key' };
    });
  }
  const isMissing = issue.input === undefined && issue.code !== 'custom';
  const value = issue.input === undefined ? '' : shown(issue.input);
  const reason = isMissing ? 'is missing' : lowerFirst(issue.message);
  return [{ line: lineOf(issue.path), key: issue.path.join('.'), value, reason }];
}

function faultText({ key, value, reason }: ConfigFault): string {
  const subject = [key, value === '' ? '' : `= ${value}`].filter(Boolean).join(' ');
  return subject === '' ? reason : `${subject}: ${reason}`;
}

/** The line of the deepest part of `path` that exists, so that a missing key points at its parent. */
function lineOfPath(contents: unknown, path: readonly PropertyKey[], lineCounter: LineCounter): number {
  let node = contents;
  let offset = 0;
  for (const part of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => String(item.key) === String(part));
    if (pair === undefined) break;
    if (isNode(pair.key) && pair.key.range) offset = pair.key.range[0];
    node = pair.value;
  }
  return lineCounter.linePos(offset).line || 1;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_VALUE_LENGTH_MAX ? `${text.slice(0, SHOWN_VALUE_LENGTH_MAX)}…` : text;
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > SIZE_BYTES_MAX) throw new Error(`it is ${size} bytes long; ${SIZE_BYTES_MAX} are allowed`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    const advice = 'Name another file with --config, or write one with `fieldnote init`.';
    throw new FieldnoteError(
      'CONFIG_UNREADABLE',
      `cannot read the configuration ${path}: ${messageOf(error)}. ${advice}`,
      { path },
      error,
    );
  }
}
