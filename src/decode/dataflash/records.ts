import type { NoiseReason } from '../../values/sample.ts';
import { FORMAT_LAYOUT, FORMAT_TYPE, HEADER, HEADER_BYTES, type Layout, readLayout } from './layout.ts';

/**
 * Finds the records of a DataFlash log in bytes that are cut anywhere. A record has no checksum: it counts when another
 * one, or the end of the log, follows it. Everything else is noise, passed over byte by byte to the next header. No more
 * than one record and the header of the next are ever kept: a size is one byte.
 */

export interface RecordSink {
  /** @param record the whole record with its header, valid during the call */
  onRecord(record: DataView, layout: Layout): void;
  /** @param excerpt the first bytes in hex */
  onNoise(reason: NoiseReason, sizeBytes: number, excerpt: string): void;
}

const EXCERPT_BYTES = 16;

export class RecordReader {
  readonly #layouts = new Map<number, Layout>([[FORMAT_TYPE, FORMAT_LAYOUT]]);
  #kept: Buffer = Buffer.alloc(0);
  /** Bytes of the latest run that was no record, and its beginning. */
  #noiseBytes = 0;
  #recordCount = 0;
  #excerpt = '';

  /** Descriptions included. */
  get recordCount(): number {
    return this.#recordCount;
  }

  push(bytes: Uint8Array, sink: RecordSink): void {
    const all = this.#kept.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#kept, bytes]);
    const end = this.#read(all, sink, { isEnd: false });
    this.#kept = Buffer.from(all.subarray(end));
  }

  /** The log has ended: its last record has no follower. What was described is kept. */
  end(sink: RecordSink): void {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    this.#read(rest, sink, { isEnd: true });
    this.#tellNoise(sink);
  }

  /** @returns where the first byte is that has to wait for more */
  #read(bytes: Buffer, sink: RecordSink, { isEnd }: { readonly isEnd: boolean }): number {
    let at = 0;
    while (at < bytes.length) {
      const layout = this.#layoutAt(bytes, at);
      const left = bytes.length - at;
      const needed = (layout?.sizeBytes ?? 0) + HEADER.length;
      const mayGrow = !isEnd && (layout === undefined ? left < HEADER_BYTES : left < needed);
      if (mayGrow && isHeaderAt(bytes, at)) return at;
      const isRecord = layout !== undefined && left >= layout.sizeBytes;
      if (isRecord && isHeaderAt(bytes, at + layout.sizeBytes)) {
        this.#tellNoise(sink);
        this.#take(bytes, at, layout, sink);
        at += layout.sizeBytes;
      } else {
        this.#countNoise(bytes, at);
        at++;
      }
    }
    return at;
  }

  #layoutAt(bytes: Buffer, at: number): Layout | undefined {
    const isWhole = bytes.length - at >= HEADER_BYTES && isHeaderAt(bytes, at);
    return isWhole ? this.#layouts.get(bytes[at + 2] ?? 0) : undefined;
  }

  #take(bytes: Buffer, at: number, layout: Layout, sink: RecordSink): void {
    this.#recordCount++;
    const record = new DataView(bytes.buffer, bytes.byteOffset + at, layout.sizeBytes);
    if (layout.type !== FORMAT_TYPE) {
      sink.onRecord(record, layout);
      return;
    }
    const described = readLayout(record);
    if (described === FORMAT_LAYOUT) return;
    if (described !== undefined) this.#layouts.set(described.type, described);
    if (described === undefined || described.fields.size === 0)
      sink.onNoise('bad-descriptor', layout.sizeBytes, described?.name ?? '');
  }

  #countNoise(bytes: Buffer, at: number): void {
    if (this.#noiseBytes === 0) this.#excerpt = '';
    if (this.#noiseBytes < EXCERPT_BYTES) this.#excerpt += bytes.toString('hex', at, at + 1);
    this.#noiseBytes++;
  }

  #tellNoise(sink: RecordSink): void {
    if (this.#noiseBytes > 0) sink.onNoise('bad-frame', this.#noiseBytes, this.#excerpt);
    this.#noiseBytes = 0;
  }
}

/** Whether a record may begin here, as far as there are bytes. */
function isHeaderAt(bytes: Buffer, at: number): boolean {
  const [first, second] = HEADER;
  return (at >= bytes.length || bytes[at] === first) && (at + 1 >= bytes.length || bytes[at + 1] === second);
}
