import { Deframer } from '../../src/decode/bridge/frame.ts';

export interface PlainFrame {
  readonly type: number;
  readonly stream: number;
  readonly sequence: number;
  /** In hex. */
  readonly body: string;
}

/** All frames that end in some bytes, and the reason for each run that was none. */
export function deframe(bytes: Uint8Array, chunkSize = bytes.length): (PlainFrame | string)[] {
  const found: (PlainFrame | string)[] = [];
  const sink = {
    onFrame: ({
      type,
      stream,
      sequence,
      body,
    }: Parameters<Parameters<Deframer['push']>[1]['onFrame']>[0]) => {
      const hex = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('hex');
      found.push({ type, stream, sequence, body: hex });
    },
    onBadRun: (reason: string) => found.push(reason),
  };
  const deframer = new Deframer();
  for (let at = 0; at < bytes.length; at += chunkSize)
    deframer.push(bytes.subarray(at, at + chunkSize), sink);
  return found;
}
