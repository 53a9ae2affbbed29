import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readSecrets } from '../../src/publish/secrets.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { createRig, eventually, MemoryOutbox } from '../support/publisher-rig.ts';

let folder = '';
let broker: Broker;
let server: Server;
let url = '';
const sockets = new Set<Socket>();

/** A broker behind TLS, with a certificate that only its own authority vouches for. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldnote-tls-'));
  for (const name of ['right', 'wrong']) createCertificate(name);
  broker = await startBroker();
  const identity = {
    key: readFileSync(join(folder, 'right.key')),
    cert: readFileSync(join(folder, 'right.pem')),
  };
  server = createServer(identity, (socket) => {
    sockets.add(socket);
    const inner = connect(broker.port, '127.0.0.1');
    socket.on('error', () => inner.destroy());
    inner.on('error', () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `mqtts://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

function createCertificate(name: string): void {
  const [key, pem] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'.split(
        ' ',
      ),
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', pem],
    ],
    { stdio: 'ignore' },
  );
}

async function start(caFile: string | undefined) {
  const secrets = await readSecrets(caFile === undefined ? {} : { caFile: join(folder, caFile) }, undefined);
  const outbox = new MemoryOutbox();
  outbox.accept();
  const rig = createRig({ port: 0, config: { url }, outbox, secrets });
  onTestFinished(() => rig.publisher.stop());
  rig.publisher.start();
  return { outbox, ...rig };
}

describe('a broker behind TLS', () => {
  test('is trusted when the authority of caFile vouches for it', async () => {
    const { outbox } = await start('right.pem');
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test.each([
    ['another authority than that of caFile', 'wrong.pem'],
    ['an authority that nobody knows', undefined],
  ])('is not trusted when it has %s', async (_name, caFile) => {
    const { outbox, told } = await start(caFile);
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    expect(told.lost[0]?.error.message).toMatch(/self-signed certificate|unable to verify/);
    expect(told.connected).toBe(0);
    expect(outbox.reports).toHaveLength(1);
  });

  test('is not reached with a caFile that holds no certificate, and nothing is thrown', async () => {
    const { outbox, told } = await start('right.key');
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    expect(told.connected).toBe(0);
    expect(outbox.reports).toHaveLength(1);
  });
});
