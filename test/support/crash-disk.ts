import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

interface Inode {
  readonly isFolder: boolean;
  /** What has been synced. */
  content: Buffer;
}

type NameStep = Extract<DiskStep, { kind: 'create' | 'remove' | 'rename' }>;
type DataStep = Extract<DiskStep, { kind: 'write' | 'truncate' }>;
type Pending = { readonly step: NameStep | DataStep; readonly inode: Inode };

export class CrashDisk {
  readonly #folder: string;
  /** As the program sees them. */
  readonly #names = new Map<string, Inode>();
  readonly #synced = new Map<string, Inode>();
  #pending: Pending[] = [];

  /** @param folder is there already, and lasts */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** One step further. */
  take(step: DiskStep): void {
    if (step.kind === 'sync') this.#sync(step.path);
    // Only ballast is written without a place, and nobody reads it.
    else if (step.kind !== 'said' && step.kind !== 'append') this.#begin(step);
  }

  /** Writes into `target` what might be left when the power goes now. */
  crashInto(target: string, random: () => number): void {
    const names = new Map(this.#synced);
    const contents = new Map<Inode, Buffer>();
    const kept = KEPT[Math.floor(random() * KEPT.length)] ?? 0;
    for (const { step, inode } of this.#pending) {
      if (random() >= kept) continue;
      if (step.kind !== 'write' && step.kind !== 'truncate') renamed(names, step, inode);
      else {
        const before = contents.get(inode) ?? Buffer.from(inode.content);
        const parts = random() < TORN ? torn(step, random) : [step];
        contents.set(inode, parts.reduce(changed, before));
      }
    }
    const place = (path: string) => join(target, relative(this.#folder, path));
    const isThere = (path: string): boolean =>
      path === this.#folder || (names.get(path)?.isFolder === true && isThere(dirname(path)));
    for (const [path, inode] of [...names].sort(([a], [b]) => a.length - b.length)) {
      if (!isThere(dirname(path))) continue;
      if (inode.isFolder) mkdirSync(place(path), { recursive: true });
      else writeFileSync(place(path), contents.get(inode) ?? inode.content);
    }
  }

  #begin(step: NameStep | DataStep): void {
    const known = this.#names.get(step.path);
    if (step.kind === 'create') {
      if (known !== undefined) return;
      const inode: Inode = { isFolder: step.isFolder, content: Buffer.of() };
      this.#pending.push({ step, inode });
      renamed(this.#names, step, inode);
    } else if (known !== undefined) {
      this.#pending.push({ step, inode: known });
      if (step.kind === 'remove' || step.kind === 'rename') renamed(this.#names, step, known);
    }
  }

  #sync(path: string): void {
    const inode = this.#names.get(path);
    const isFolder = path === this.#folder || inode?.isFolder === true;
    const isCovered = ({ step, inode: of }: Pending) =>
      isFolder
        ? step.kind !== 'write' && step.kind !== 'truncate' && dirname(step.path) === path
        : (step.kind === 'write' || step.kind === 'truncate') && of === inode;
    for (const pending of this.#pending.filter(isCovered)) {
      const { step, inode: of } = pending;
      if (step.kind === 'write' || step.kind === 'truncate') of.content = changed(of.content, step);
      else renamed(this.#synced, step, of);
    }
    this.#pending = this.#pending.filter((pending) => !isCovered(pending));
  }
}

function renamed(names: Map<string, Inode>, step: NameStep, inode: Inode): void {
  if (step.kind === 'create') names.set(step.path, inode);
  else names.delete(step.path);
  if (step.kind === 'rename') names.set(step.to, inode);
}

function changed(content: Buffer, step: DataStep): Buffer {
  const sizeBytes =
    step.kind === 'truncate' ? step.sizeBytes : Math.max(content.length, step.offset + step.data.length);
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
