import { PAGE_BYTES } from '../../src/store/database.ts';

/** The bytes of a store: its database, and the log that a kill has left beside it, or none. */
export interface StoreImage {
  readonly main: Buffer;
  readonly log: Buffer;
}

const LOG_HEADER_BYTES = 32;
const FRAME_BYTES = 24 + PAGE_BYTES;

type Random = () => number;

/** Ways in which a disk, a card or a person damages a store; each changes a copy. */
export const DAMAGES = {
  'bit flips': (image, random) => inMain(image, (main) => repeat(random, 8, () => flip(main, random))),
  'zeroed pages': (image, random) =>
    inMain(image, (main) => repeat(random, 4, () => zero(main, random, PAGE_BYTES))),
  'zeroed sectors': (image, random) =>
    inMain(image, (main) => repeat(random, 8, () => zero(main, random, 512))),
  'swapped pages': (image, random) => inMain(image, (main) => repeat(random, 4, () => swap(main, random))),
  'a lost end': (image, random) => ({
    ...image,
    main: image.main.subarray(0, below(random, image.main.length)),
  }),
  'bit flips in the log': (image, random) =>
    inLog(image, (log) => repeat(random, 8, () => flip(log, random))),
  'garbage in the log': (image, random) => inLog(image, (log) => garbage(log, random)),
  'a lost end of the log': (image, random) => ({
    ...image,
    log: image.log.subarray(0, below(random, image.log.length)),
  }),
} as const satisfies Record<string, (image: StoreImage, random: Random) => StoreImage>;

export type Damage = keyof typeof DAMAGES;

/** The newest content of each page, by its number. */
export function pagesOf({ main, log }: StoreImage): Map<number, Buffer> {
  const pages = new Map<number, Buffer>();
  for (let at = 0; at + PAGE_BYTES <= main.length; at += PAGE_BYTES)
    pages.set(at / PAGE_BYTES + 1, main.subarray(at, at + PAGE_BYTES));
  for (let at = LOG_HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES)
    pages.set(log.readUInt32BE(at), log.subarray(at + 24, at + FRAME_BYTES));
  return pages;
}

function inMain({ main, log }: StoreImage, change: (main: Buffer) => void): StoreImage {
  const copy = Buffer.from(main);
  change(copy);
  return { main: copy, log };
}

function inLog({ main, log }: StoreImage, change: (log: Buffer) => void): StoreImage {
  const copy = Buffer.from(log);
  change(copy);
  return { main, log: copy };
}

function repeat(random: Random, timesMax: number, work: () => void): void {
  for (let times = 1 + below(random, timesMax); times > 0; times--) work();
}

/** Not in the schema version of the header: a file with another one may well be a newer Fieldnote's. */
function flip(bytes: Buffer, random: Random): void {
  const at = below(random, bytes.length);
  if (at < 60 || at > 63) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
}

function zero(bytes: Buffer, random: Random, length: number): void {
  const at = below(random, bytes.length / length) * length;
  bytes.fill(0, at, at + length);
}

function swap(bytes: Buffer, random: Random): void {
  const [a, b] = [0, 0].map(() => below(random, bytes.length / PAGE_BYTES) * PAGE_BYTES) as [number, number];
  const kept = Buffer.from(bytes.subarray(a, a + PAGE_BYTES));
  bytes.copy(bytes, a, b, b + PAGE_BYTES);
  kept.copy(bytes, b);
}

function garbage(bytes: Buffer, random: Random): void {
  const at = below(random, bytes.length);
  const end = Math.min(bytes.length, at + 1 + below(random, 4096));
  for (let position = at; position < end; position++) bytes[position] = below(random, 256);
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * Math.floor(limit));
}
