import { resolve } from 'node:path';

/**
 * What a program did to its files, read from a recording of its system calls:
 * `strace -f -y -xx -s 1000000 -e trace=<TRACED> -o FILE program`. Only calls that succeeded count.
 */

/** One step towards the disk, in the order in which the program made them. Paths are absolute. */
export type DiskStep =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  /** Where the file was at. */
  | { readonly kind: 'append'; readonly path: string; readonly bytes: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'create'; readonly path: string; readonly isFolder: boolean }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** Another name for the same file. */
  | { readonly kind: 'link'; readonly path: string; readonly from: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  /** Of a file or a folder; it is over now, and has covered what was begun before it. */
  | { readonly kind: 'sync'; readonly path: string }
  /** Of the file system. */
  | { readonly kind: 'sync all'; readonly path: string }
  /** A line on stdout. */
  | { readonly kind: 'said'; readonly text: string };

export const TRACED =
  'openat,mkdir,pwrite64,write,ftruncate,unlink,unlinkat,rmdir,rename,symlink,link,fsync,fdatasync,syncfs';

/** Arguments for strace, before the program and its own. */
export function straceArguments(tracePath: string): string[] {
  return ['-f', '-y', '-xx', '-s', '1000000', '-e', `trace=${TRACED}`, '-e', 'signal=none', '-o', tracePath];
}

interface Call {
  readonly name: string;
  readonly text: string;
  readonly result: number;
}

/**
 * All steps of a recording below a folder, and what the program said. strace splits a call while another thread makes
 * one: a write then counts from its beginning and a sync from its end.
 */
export function diskSteps(trace: string, folder: string): DiskStep[] {
  const slots: (Call | undefined)[] = [];
  const begun = new Map<string, { text: string; slot: number }>();
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const opening = /^(.*) <unfinished \.\.\.>$/.exec(text);
    const closing = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    if (opening) begun.set(thread, { text: opening[1] ?? '', slot: slots.push(undefined) - 1 });
    else if (closing) {
      const first = begun.get(thread);
      const call = callOf(`${first?.text ?? ''}${closing[1]}`);
      if (/sync(?:fs)?$/.test(call?.name ?? '') || first === undefined) slots.push(call);
      else slots[first.slot] = call;
    } else slots.push(callOf(text));
  }
  const isOurs = (path: string) => path === folder || path.startsWith(`${folder}/`);
  return slots
    .flatMap((call) => (call === undefined ? [] : stepsOf(call)))
    .filter((step) => step.kind === 'said' || isOurs(step.path));
}

function callOf(text: string): Call | undefined {
  const [, name = '', inside = '', result] = /^(\w+)\((.*)\) += (-?\d+)/.exec(text) ?? [];
  return result === undefined || Number(result) < 0
    ? undefined
    : { name, text: inside, result: Number(result) };
}

function stepsOf({ name, text, result }: Call): DiskStep[] {
  const strings = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => bytesOf(hex));
  const descriptor = /^(\d+)<([^>]*)>/.exec(text);
  const path = bytesOf(descriptor?.[2] ?? '').toString();
  const [first, second] = strings.map((bytes) => resolve(bytes.toString()));
  const last = Number(text.slice(text.lastIndexOf(',') + 1));
  switch (name) {
    case 'openat':
      return openSteps(text, first ?? '');
    case 'mkdir':
      return [{ kind: 'create', path: first ?? '', isFolder: true }];
    case 'pwrite64':
      return [{ kind: 'write', path, offset: last, data: (strings[0] ?? Buffer.of()).subarray(0, result) }];
    case 'write':
      return descriptor?.[1] === '1'
        ? linesOf(strings[0] ?? Buffer.of())
        : [{ kind: 'append', path, bytes: result, data: (strings[0] ?? Buffer.of()).subarray(0, result) }];
    case 'ftruncate':
      return [{ kind: 'truncate', path, sizeBytes: last }];
    case 'rename':
      return [{ kind: 'rename', path: first ?? '', to: second ?? '' }];
    case 'symlink':
      return [{ kind: 'symlink', path: second ?? '', target: strings[0]?.toString() ?? '' }];
    case 'link':
      return [{ kind: 'link', path: second ?? '', from: first ?? '' }];
    case 'syncfs':
      return [{ kind: 'sync all', path }];
    case 'fsync':
    case 'fdatasync':
      return [{ kind: 'sync', path }];
    default:
      return [{ kind: 'remove', path: first ?? '' }];
  }
}

/** Whether the file is new only the disk knows: a `create` of what is there already changes nothing. */
function openSteps(text: string, path: string): DiskStep[] {
  const steps: DiskStep[] = [];
  if (text.includes('O_CREAT')) steps.push({ kind: 'create', path, isFolder: false });
  if (text.includes('O_TRUNC')) steps.push({ kind: 'truncate', path, sizeBytes: 0 });
  return steps;
}

function linesOf(bytes: Buffer): DiskStep[] {
  const lines = bytes.toString().split('\n');
  return lines.filter((text) => text !== '').map((text) => ({ kind: 'said', text }));
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
