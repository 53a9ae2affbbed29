import { Socket } from 'node:net';
import { CHANNEL_FD } from '../src/isolate/serve.ts';

/** A process that answers every request of a fixed size with an answer of a fixed size, and looks at neither. */

const { requestSizeBytes, answerSizeBytes } = JSON.parse(process.argv[2] ?? '') as EchoSizes;

export interface EchoSizes {
  readonly requestSizeBytes: number;
  readonly answerSizeBytes: number;
}

const channel = new Socket({ fd: CHANNEL_FD });
const answer = Buffer.alloc(answerSizeBytes);
let unansweredBytes = 0;
channel.on('close', () => process.exit());
channel.on('data', ({ length }: Buffer) => {
  unansweredBytes += length;
  for (; unansweredBytes >= requestSizeBytes; unansweredBytes -= requestSizeBytes) channel.write(answer);
});
