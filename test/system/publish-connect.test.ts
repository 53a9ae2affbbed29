import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificateFiles, createAuthority, issueCertificate } from '../support/certificates.ts';
import { Daemon, eventually, type Folder, newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import { freePort, type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { startPublishing } from '../support/publishing-process.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const NODE = { site: 'plant', node: 'skid' };

/** Writes a configuration that only publishes. */
function configFile(folder: string, name: string, broker: object): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return writeConfig(path, { ...NODE, dataDir: join(path, 'data'), sources: {}, assets: {}, mqtt: broker });
}

describe.runIf(needsCommand('mosquitto') && needsCommand('openssl'))('the way to the broker', () => {
  const parts = new AsyncDisposableStack();
  let folder: Folder;
  let [authority, broker, client]: CertificateFiles[] = [];
  let [plain, secured]: Mosquitto[] = [];

  const check = (name: string, settings: object) =>
    runFieldnote('check', '--connect', configFile(folder.path, name, settings));
  const tlsSettings = ({ cert, key }: CertificateFiles, ca: CertificateFiles) => [
    ...[`cafile ${ca.cert}`, `certfile ${cert}`, `keyfile ${key}`],
  ];
  const made = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('it is not made yet');
    return value;
  };

  beforeAll(async () => {
    folder = parts.use(await newFolder());
    authority = createAuthority(folder.path, 'authority');
    broker = issueCertificate(folder.path, 'broker', authority);
    client = issueCertificate(folder.path, 'client', authority);
    const passwords = join(folder.path, 'passwords');
    writeFileSync(passwords, '');
    for (const user of ['skid', 'reader'])
      execFileSync('mosquitto_passwd', ['-b', passwords, user, `${user}-word`], { stdio: 'ignore' });
    const rights = join(folder.path, 'rights');
    writeFileSync(rights, 'user skid\ntopic write fieldnote/plant/skid/#\nuser reader\ntopic read #\n');
    for (const user of ['skid', 'reader', 'nobody'])
      writeFileSync(join(folder.path, `${user}-password`), `${user}-word\n`);
    const login = ['allow_anonymous false', `password_file ${passwords}`, `acl_file ${rights}`];
    plain = parts.use(await startMosquitto(login));
    secured = parts.use(
      await startMosquitto([...tlsSettings(broker, authority), 'require_certificate true']),
    );
  });
  afterAll(() => parts.disposeAsync());

  const login = (user: string) => ({
    url: `mqtt://127.0.0.1:${plain?.port}`,
    username: user,
    passwordFile: join(folder.path, `${user}-password`),
  });

  test('is told step by step when all is well', async () => {
    const { exitCode, stdout, stderr } = await check('well', login('skid'));
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/host: 127\.0\.0\.1 is 127\.0\.0\.1/);
    expect(stdout).toMatch(/connected as user "skid"/);
    expect(stdout).toMatch(
      /the broker takes packets of any bytes, 10 topic aliases, 20 publishes before .*window/,
    );
    expect(stdout).toMatch(/published to fieldnote\/plant\/skid\/check/);
  });

  test.each([
    ['nowhere', () => ({ url: 'mqtt://127.0.0.1:1' }), /ECONNREFUSED.*whether the broker runs/],
    ['no-host', () => ({ url: 'mqtt://broker.invalid' }), /broker\.invalid.*\(.*name server/],
    ['wrong-word', () => ({ ...login('nobody') }), /refused user "nobody": 0x8[67] .*\(/],
    ['no-rights', () => login('reader'), /refused a publish to fieldnote\/plant\/skid\/check: 0x87 .*access/],
    ['no-tls', () => ({ url: `mqtts://127.0.0.1:${plain?.port}` }), /there is no TLS on this port|hung up/],
    ['no-ca', () => ({ url: `mqtts://localhost:${secured?.port}` }), /mqtt\.caFile/],
    [
      'no-certificate',
      () => ({ url: `mqtts://localhost:${secured?.port}`, caFile: authority?.cert }),
      /the broker wants a client certificate/,
    ],
  ])('says what fails: %s', async (name, settings, message) => {
    const { exitCode, stderr } = await check(name, settings());
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  });

  test('leads through TLS with a client certificate', async () => {
    const files = { caFile: authority?.cert, certFile: client?.cert, keyFile: client?.key };
    const { exitCode, stderr } = await check('tls', { url: `mqtts://localhost:${secured?.port}`, ...files });
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  test('takes a certificate that was renewed, without a restart', async () => {
    const own = { cert: join(folder.path, 'own.pem'), key: join(folder.path, 'own.key') };
    const stranger = createAuthority(folder.path, 'stranger');
    const use = (files: CertificateFiles) => {
      copyFileSync(files.key, own.key);
      copyFileSync(files.cert, own.cert);
    };
    use(issueCertificate(folder.path, 'outdated', stranger));
    const url = `mqtts://localhost:${secured?.port}`;
    const files = { caFile: authority?.cert, certFile: own.cert, keyFile: own.key };
    await using daemon = new Daemon(configFile(folder.path, 'renewed', { url, ...files }));
    const { msg } = await daemon.logged(/failed: /);
    expect(msg).toMatch(/does not know the authority of mqtt\.certFile|hung up/);
    use(made(client));
    await daemon.logged(/^connected to mqtts:/);
  });

  test.runIf(existsSync(FAKETIME))('is tried until the device knows the time', async () => {
    const clockFile = join(folder.path, 'clock');
    writeFileSync(clockFile, '@1971-01-01 00:00:00\n');
    const faked = {
      FAKETIME_TIMESTAMP_FILE: clockFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const url = `mqtts://localhost:${secured?.port}`;
    const files = { caFile: authority?.cert, certFile: client?.cert, keyFile: client?.key };
    await using daemon = new Daemon(configFile(folder.path, 'clock-1971', { url, ...files }), {
      ...faked,
      LD_PRELOAD: FAKETIME,
    });
    const { msg } = await daemon.logged(/not yet valid/);
    expect(msg).toMatch(
      /by the clock of this device it is 1971-01-01T00:\d\dZ, which nobody has set: waiting/,
    );
    writeFileSync(clockFile, '+0\n');
    await daemon.logged(/^connected to mqtts:/);
    expect(daemon.messagesFrom(50)).toEqual([]);
  });

  test.each(['ws', 'wss'])('leads through a WebSocket (%s)', async (protocol) => {
    const tls = protocol === 'wss' ? tlsSettings(made(broker), made(authority)) : [];
    const port = await freePort();
    const listener = [`listener ${port} 127.0.0.1`, 'protocol websockets', ...tls];
    await using sockets = await startMosquitto(listener);
    const url = `${protocol}://localhost:${port}/mqtt`;
    const reader = await mqtt.connectAsync(`mqtt://127.0.0.1:${sockets.port}`, { protocolVersion: 5 });
    const ids: unknown[] = [];
    reader.on('message', (_topic, _payload, { properties }) => ids.push(properties?.userProperties?.['id']));
    await reader.subscribeAsync('fieldnote/+/+/incident/#');
    const caFile = authority?.cert;
    await using publishing = await startPublishing(join(folder.path, protocol), { url, caFile });
    const id = await publishing.acceptCritical();
    await eventually(() => expect(ids).toContain(`${id}/1`));
    await reader.endAsync();
  });
});
