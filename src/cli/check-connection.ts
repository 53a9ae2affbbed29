import { lookup } from 'node:dns/promises';
import { loadConfig } from '../config/load.ts';
import type { Config, MqttConfig } from '../config/schema.ts';
import { type BrokerLimits, Connection } from '../publish/connection.ts';
import { failureText } from '../publish/link-failure.ts';
import type { Message } from '../publish/message.ts';
import { publishRefused } from '../publish/reasons.ts';
import { readSecrets } from '../publish/secrets.ts';
import { topicsOf } from '../publish/topics.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';

const clock = systemClock(() => 0);

/**
 * `fieldnote check --connect`: goes to the broker as the daemon would, under a client id of its own so that a running
 * daemon keeps its connection, and publishes one small message to the topic `check` of the node.
 * @param say called with each step that went well
 * @throws FieldnoteError of the first step that fails, with what to do
 */
export async function checkConnection(configPath: string, say: (line: string) => void): Promise<void> {
  const { config } = loadConfig(configPath);
  const { mqtt } = config;
  if (mqtt === undefined)
    throw new FieldnoteError('BAD_ARGUMENT', `${configPath} names no broker (mqtt.url)`);
  const secrets = await readSecrets(mqtt, process.env['CREDENTIALS_DIRECTORY']);
  say(`  host: ${await addressOf(mqtt)}`);
  const message = testMessage(config);
  const connection = new Connection({
    url: mqtt.url,
    clientId: `fieldnote.${config.site}.${config.node}.check`,
    username: mqtt.username,
    secrets,
    keepAliveMs: mqtt.keepAlive,
    ackTimeoutMs: mqtt.ackTimeout,
    will: message,
    ...(mqtt.receipts && { receiptTopic: topicsOf(config).receipt }),
    clock,
  });
  await orEnd(connection, connection.connected);
  say(`  connected${mqtt.username === undefined ? '' : ` as user "${mqtt.username}"`}`);
  say(`  the broker takes ${limitsText(mqtt, connection.limits)}`);
  const code = await orEnd(
    connection,
    new Promise<number>((resolve) => connection.publish(message, resolve)),
  );
  await connection.close();
  if (code >= 0x80) throw publishRefused(code, { broker: mqtt.url, topic: message.topic });
  say(`  published to ${message.topic}`);
  if (mqtt.receipts) say(`  subscribed to ${topicsOf(config).receipt}`);
}

async function addressOf({ url }: MqttConfig): Promise<string> {
  const hostname = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    const addresses = await lookup(hostname, { all: true });
    return `${hostname} is ${addresses.map(({ address }) => address).join(', ')}`;
  } catch (error) {
    const text = failureText(error as Error, clock.stampAt(clock.monoMs()));
    throw new FieldnoteError('PUBLISH_LOST', `broker ${url} failed: ${text}`, { broker: url }, error);
  }
}

/** Neither retained nor on a topic that anybody reads; also the last will, should this be interrupted. */
function testMessage(config: Config): Message {
  const payload = JSON.stringify({ check: 'fieldnote check --connect' });
  const topic = topicsOf(config).check;
  return { topic, payload, contentType: 'application/json', qos: 1, isRetained: false };
}

async function orEnd<T>(connection: Connection, step: Promise<T>): Promise<T> {
  return Promise.race([step, connection.ended.then((error) => Promise.reject(error))]);
}

function limitsText({ window }: MqttConfig, limits: BrokerLimits): string {
  const { receiveMaximum, maximumPacketSize, topicAliasMaximum = 0, serverKeepAlive } = limits;
  const inFlight = receiveMaximum ?? 65_535;
  const slow =
    inFlight < window ? `, fewer than mqtt.window (${window}): a link with a long way will be slow` : '';
  return [
    `packets of ${maximumPacketSize ?? 'any'} bytes`,
    `${topicAliasMaximum} topic aliases`,
    ...(serverKeepAlive === undefined ? [] : [`a keep-alive of ${serverKeepAlive} s`]),
    `${inFlight} publishes before it has acknowledged the first${slow}`,
  ].join(', ');
}
