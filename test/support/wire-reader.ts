import { BridgeDecoder } from '../../src/decode/bridge/decoder.ts';
import { Deframer } from '../../src/decode/bridge/frame.ts';
import type { Decoded } from '../../src/values/sample.ts';

/** Bytes of a device and when they came. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly monoMs: number;
}

/** One frame of a copy; its body is its own. */
export interface CopiedFrame {
  readonly type: number;
  readonly stream: number;
  readonly sequence: number;
  readonly body: DataView;
}

/** The valid frames in a copy of what a device sent. */
export function framesIn(bytes: Uint8Array): CopiedFrame[] {
  const frames: CopiedFrame[] = [];
  new Deframer().push(bytes, {
    onFrame: ({ type, stream, sequence, bytes, bodyAt, bodySize }) =>
      frames.push({
        type,
        stream,
        sequence,
        body: new DataView(bytes.slice(bodyAt, bodyAt + bodySize).buffer),
      }),
    onBadRun: () => undefined,
  });
  return frames;
}

/** What the decoder finds in a copy, for one who only listens. */
export function decoded(chunks: readonly Chunk[]): Decoded[] {
  const decoder = new BridgeDecoder({ source: 'copy' });
  const found = chunks.flatMap(({ bytes, monoMs }) => decoder.decode(bytes, monoMs));
  return [...found, ...decoder.reset(chunks.at(-1)?.monoMs ?? 0)];
}
