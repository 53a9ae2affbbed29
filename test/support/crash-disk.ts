import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { DiskStep } from './system-calls.ts';

/**
 * A disk as POSIX promises it and no better: what was written to a file lasts once that file was synced, and a name once
 * its folder was. At a power cut each step that was not synced has happened or has not, whatever the others did; of a
 * write perhaps only some sectors reached the medium, or only the new length of the file.
 */

const SECTOR_BYTES = 512;
/** How likely each step is that was not synced: all of them lost, some, or none. */
const KEPT = [0, 0, 0.3, 0.7, 1] as const;
const TORN = 0.3;
const LINKS_MAX = 8;

type Names = Map<string, Inode>;

interface Inode {
  /** Of a symbolic link. */
  readonly target?: string;
  /** Of a folder, as the program sees it. */
  readonly names?: Names;
  /** Of a folder, what has been synced. */
  synced?: Names;
  /** Of a file, what has been synced. */
  content: Buffer;
  /** Of a file, as the program sees it. */
  sizeBytes: number;
}

type DataStep = Extract<DiskStep, { kind: 'write' | 'truncate' }>;
/** What happens as one, or not at all: names that are set, or removed where there is no inode. */
type NameStep = readonly {
  readonly folder: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}[];
type Pending = { readonly names: NameStep } | { readonly data: DataStep; readonly inode: Inode };

export interface CrashDiskOptions {
  /** Is there already, and lasts. */
  readonly folder: string;
  /** Whether what is written without a place counts; of a store that is only ballast, and nobody reads it. */
  readonly keepsAppends: boolean;
}

export class CrashDisk {
  readonly #folder: string;
  readonly #keepsAppends: boolean;
  readonly #root = newFolder();
  #pending: Pending[] = [];

  constructor({ folder, keepsAppends }: CrashDiskOptions) {
    this.#folder = folder;
    this.#keepsAppends = keepsAppends;
  }

  /** One step further. */
  take(step: DiskStep): void {
    if (step.kind === 'said') return;
    if (step.kind === 'sync') this.#sync(this.#find(step.path));
    else if (step.kind === 'sync all') this.#settle(this.#pending, []);
    else if (step.kind === 'write' || step.kind === 'truncate') this.#write(step);
    else if (step.kind === 'append') this.#append(step);
    else this.#rename(this.#namesOf(step));
  }

  /** Writes into `target` what might be left when the power goes now. */
  crashInto(target: string, random: () => number): void {
    const names = new Map<Inode, Names>();
    const contents = new Map<Inode, Buffer>();
    const kept = KEPT[Math.floor(random() * KEPT.length)] ?? 0;
    for (const pending of this.#pending) {
      if (random() >= kept) continue;
      if ('names' in pending) {
        for (const { folder, name, inode } of pending.names) {
          const before = names.get(folder) ?? new Map(folder.synced);
          names.set(folder, setName(before, name, inode));
        }
      } else {
        const { data, inode } = pending;
        const parts = random() < TORN ? torn(data, random) : [data];
        contents.set(inode, parts.reduce(changed, contents.get(inode) ?? Buffer.from(inode.content)));
      }
    }
    const written = new Map<Inode, string>();
    const make = (folder: Inode, path: string) => {
      mkdirSync(path, { recursive: true });
      for (const [name, inode] of names.get(folder) ?? folder.synced ?? []) {
        const to = join(path, name);
        const twin = written.get(inode);
        if (inode.names !== undefined) make(inode, to);
        else if (inode.target !== undefined) symlinkSync(inode.target, to);
        else if (twin !== undefined) linkSync(twin, to);
        else writeFileSync(to, contents.get(inode) ?? inode.content);
        if (inode.names === undefined) written.set(inode, to);
      }
    };
    make(this.#root, target);
  }

  /** Follows links. */
  #find(path: string, links = 0): Inode | undefined {
    let inode: Inode | undefined = this.#root;
    const parts = relative(this.#folder, path).split('/').filter(Boolean);
    for (const [at, name] of parts.entries()) {
      inode = inode?.names?.get(name);
      if (inode?.target !== undefined && at < parts.length - 1 && links < LINKS_MAX)
        return this.#find(
          join(this.#folder, ...parts.slice(0, at), inode.target, ...parts.slice(at + 1)),
          links + 1,
        );
    }
    return inode;
  }

  #namesOf(step: Exclude<DiskStep, { kind: 'said' | 'sync' | 'sync all' | 'append' } | DataStep>): NameStep {
    const at = (path: string) => ({
      folder: this.#find(join(path, '..')),
      name: path.split('/').at(-1) ?? '',
    });
    const { folder, name } = at(step.path);
    if (folder?.names === undefined) return [];
    const known = folder.names.get(name);
    switch (step.kind) {
      case 'create':
        return known === undefined ? [{ folder, name, inode: step.isFolder ? newFolder() : newFile() }] : [];
      case 'symlink':
        return [{ folder, name, inode: { ...newFile(), target: step.target } }];
      case 'link': {
        const inode = this.#find(step.from);
        return inode === undefined ? [] : [{ folder, name, inode }];
      }
      case 'remove':
        return [{ folder, name, inode: undefined }];
      case 'rename': {
        const to = at(step.to);
        if (known === undefined || to.folder === undefined) return [];
        return [
          { folder, name, inode: undefined },
          { folder: to.folder, name: to.name, inode: known },
        ];
      }
    }
  }

  #rename(names: NameStep): void {
    if (names.length === 0) return;
    for (const { folder, name, inode } of names) setName(folder.names as Names, name, inode);
    this.#pending.push({ names });
  }

  #append({ path, data }: Extract<DiskStep, { kind: 'append' }>): void {
    const inode = this.#find(path);
    if (this.#keepsAppends && inode !== undefined)
      this.#write({ kind: 'write', path, offset: inode.sizeBytes, data });
  }

  #write(data: DataStep): void {
    const inode = this.#find(data.path);
    if (inode === undefined) return;
    inode.sizeBytes = sizeAfter(inode.sizeBytes, data);
    this.#pending.push({ data, inode });
  }

  #sync(inode: Inode | undefined): void {
    const isCovered = (pending: Pending) =>
      'names' in pending ? pending.names.some(({ folder }) => folder === inode) : pending.inode === inode;
    this.#settle(
      this.#pending.filter(isCovered),
      this.#pending.filter((pending) => !isCovered(pending)),
    );
  }

  #settle(lasting: readonly Pending[], left: Pending[]): void {
    for (const pending of lasting) {
      if ('names' in pending)
        for (const { folder, name, inode } of pending.names) setName(folder.synced as Names, name, inode);
      else pending.inode.content = changed(pending.inode.content, pending.data);
    }
    this.#pending = left;
  }
}

function newFolder(): Inode {
  return { names: new Map(), synced: new Map(), content: Buffer.of(), sizeBytes: 0 };
}

function newFile(): Inode {
  return { content: Buffer.of(), sizeBytes: 0 };
}

function setName(names: Names, name: string, inode: Inode | undefined): Names {
  if (inode === undefined) names.delete(name);
  else names.set(name, inode);
  return names;
}

function sizeAfter(sizeBytes: number, step: DataStep): number {
  return step.kind === 'truncate' ? step.sizeBytes : Math.max(sizeBytes, step.offset + step.data.length);
}

function changed(content: Buffer, step: DataStep): Buffer {
  const sizeBytes = sizeAfter(content.length, step);
  const result = sizeBytes === content.length ? content : Buffer.concat([content], sizeBytes);
  if (step.kind === 'write') step.data.copy(result, step.offset);
  return result;
}

/** What is left of a write that was under way: its beginning, some of its sectors, or a length without content. */
function torn(step: DataStep, random: () => number): DataStep[] {
  if (step.kind === 'truncate') return [step];
  const { data, offset, path } = step;
  const sectors = Math.ceil(data.length / SECTOR_BYTES);
  const part = (from: number, to: number): DataStep => ({
    ...step,
    offset: offset + from * SECTOR_BYTES,
    data: data.subarray(from * SECTOR_BYTES, to * SECTOR_BYTES),
  });
  const how = random();
  if (how < 0.4) return [part(0, Math.floor(random() * (sectors + 1)))];
  if (how < 0.5) return [{ kind: 'write', path, offset: offset + data.length, data: Buffer.of() }];
  return Array.from({ length: sectors }, (_, at) => part(at, at + 1)).filter(() => random() < 0.5);
}
