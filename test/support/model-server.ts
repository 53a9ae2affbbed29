import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request; `at` is the byte that the client wants the file from, 0 without a range. */
export type Answer = (response: ServerResponse, at: number, request: IncomingMessage) => void;

export interface ModelServer extends AsyncDisposable {
  readonly url: string;
  /** From which byte each request wanted the file. */
  readonly wanted: readonly number[];
  readonly requests: readonly IncomingMessage[];
}

/** An HTTP server whose requests are answered by these, one after the other; the last one answers the rest too. */
export async function startModelServer(...answers: readonly Answer[]): Promise<ModelServer> {
  const [wanted, requests]: [number[], IncomingMessage[]] = [[], []];
  const server = createServer((request, response) => {
    const at = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    wanted.push(at);
    requests.push(request);
    answer?.(response, at, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}/model.gguf`, wanted, requests },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Gives the file from where it is wanted, as a server that knows ranges does. */
export const whole =
  (bytes: Uint8Array): Answer =>
  (response, at) => {
    sendHead(response, at, bytes.length);
    response.end(bytes.subarray(at));
  };

/** Gives so many bytes of what is wanted, and hangs up when the client has them in its file. */
export const cutAfter =
  (bytes: Uint8Array, count: number, path: () => string): Answer =>
  (response, at) => {
    sendHead(response, at, bytes.length);
    response.write(bytes.subarray(at, at + count));
    const timer = setInterval(() => {
      if (statSync(path()).size >= Math.min(at + count, bytes.length)) response.destroy();
    }, 2);
    response.on('close', () => clearInterval(timer));
  };

/** Gives so many bytes of what is wanted, and then nothing more. */
export const silentAfter =
  (bytes: Uint8Array, count: number): Answer =>
  (response, at) => {
    sendHead(response, at, bytes.length);
    response.write(bytes.subarray(at, at + count));
  };

/** Knows no ranges. */
export const rangeless =
  (bytes: Uint8Array): Answer =>
  (response) => {
    sendHead(response, 0, bytes.length);
    response.end(bytes);
  };

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end();
  };

function sendHead(response: ServerResponse, at: number, size: number): void {
  const range = at > 0 && { 'content-range': `bytes ${at}-${size - 1}/${size}` };
  response.writeHead(at > 0 ? 206 : 200, { 'content-length': size - at, ...range });
}
