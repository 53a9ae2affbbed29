import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * Gives a broker on this machine the round trip of a real link: every byte comes so much later. It runs in a process of its
 * own, so that its timers do not share the event loop that is measured.
 */
export interface DelayProxy extends AsyncDisposable {
  readonly port: number;
}

/** @param roundTripMs of what goes through it, half of it each way */
export async function startDelayProxy(targetPort: number, roundTripMs: number): Promise<DelayProxy> {
  const commandLine = [String(targetPort), String(roundTripMs / 2)];
  const child: ChildProcess = fork(import.meta.filename, commandLine);
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [targetPort = 0, delayMs = 0] = process.argv.slice(2).map(Number);
  const server = createServer((client) => {
    const broker = connect(targetPort, '127.0.0.1');
    delay(client, broker, delayMs);
    delay(broker, client, delayMs);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

function delay(from: Socket, to: Socket, delayMs: number): void {
  from.setNoDelay(true);
  from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), delayMs));
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
  from.on('error', () => from.destroy());
}
