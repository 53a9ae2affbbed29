import { z } from 'zod';
import { duration } from './duration.ts';
import { whileChannel } from './names.ts';

/** How the broker is reached, and what the link may cost. */

/** MQTT over TCP or WebSocket; only the latter has a path. */
const URL_PATTERN = /^(?:mqtts?:\/\/[^\s@/?#]+|wss?:\/\/[^\s@/?#]+(?:\/[^\s@#]*)?)$/;

const brokerUrl = z
  .string()
  .refine(
    (url) => URL_PATTERN.test(url) && URL.canParse(url),
    'must be mqtt://host:port, mqtts://host:port, ws://host:port/path or wss://host:port/path, without user or password',
  )
  .describe('Broker, such as mqtts://broker.example:8883 or wss://broker.example/mqtt.');

const rateLimit = z
  .strictObject({
    bytesPerSecond: z
      .number()
      .min(1)
      .max(1e9)
      .optional()
      .describe('Of MQTT packets; TCP and TLS add about 100 bytes to each.'),
    messagesPerSecond: z.number().min(0.001).max(1e6).optional().describe('Some brokers allow 100.'),
  })
  .prefault({})
  .describe('For metered links and brokers with quotas. Critical reports go at once, the others pay for it.');

const lifetime = duration('1min', '3650d');

const expireAfter = z
  .strictObject({
    update: lifetime.optional().describe('Updates of incidents; without it they are kept.'),
    evidence: lifetime.prefault('30d').describe('Evidence.'),
    telemetry: lifetime.prefault('7d').describe('Telemetry.'),
  })
  .prefault({})
  .describe(
    'What is older is not sent any more, and counted. The openings and ends of incidents never expire.',
  );

const sparkplugId = z
  .string()
  .regex(/^[^+#/$\p{Cc}][^+#/\p{Cc}]{0,63}$/u, 'must be 1 to 64 characters without + # /');

const sparkplug = z.strictObject({
  group: sparkplugId.optional().describe('Group id; the site when absent.'),
  host: sparkplugId
    .optional()
    .describe(
      'Id of the primary host: nothing is shown while that one is offline. Without it nobody is waited for.',
    ),
  interval: duration('1s', '1h').prefault('10s').describe('How often values that have changed are sent.'),
});

const updates = z.strictObject({
  keys: z
    .string()
    .startsWith('/')
    .optional()
    .describe('Folder of the public keys that sign updates; /etc/fieldnote/update-keys when absent.'),
  sizeMaxMiB: z.int().min(1).max(512).default(256).describe('Larger updates are refused.'),
});

export const mqtt = z.strictObject({
  url: brokerUrl,
  version: z
    .literal(['auto', '3.1.1', 5])
    .default('auto')
    .describe('Version of MQTT. auto: 5, and 3.1.1 with a broker that does not speak it.'),
  username: z.string().min(1).max(1024).optional().describe('User at the broker.'),
  passwordFile: z
    .string()
    .min(1)
    .optional()
    .describe('File that holds the password; a bare name is looked up in $CREDENTIALS_DIRECTORY (systemd).'),
  caFile: z.string().min(1).optional().describe('PEM file of the authority that signed the broker.'),
  certFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the certificate that this device shows to the broker; read at each connection.'),
  keyFile: z.string().min(1).optional().describe('PEM file of the private key of certFile.'),
  window: z
    .int()
    .min(1)
    .max(1024)
    .default(512)
    .describe('Publishes that may wait for their acknowledgement; the broker may want fewer.'),
  limit: rateLimit,
  compress: z
    .boolean()
    .default(false)
    .describe('Reports are packed by gzip, which subscribers see by the user property contentEncoding.'),
  expireAfter,
  pause: z
    .strictObject({
      whileChannel: whileChannel(
        'Source and name of a channel: while it is over `above` only critical reports are sent, such as fc.vehicle.armed. ' +
          'The others wait. It counts until it has been silent for a minute, and not before its first value.',
      ).optional(),
    })
    .optional()
    .describe('When the link is needed for something else.'),
  keepAlive: duration('5s', '1h').prefault('30s').describe('A link that is silent for so long is probed.'),
  healthInterval: duration('100ms', '1d').prefault('60s').describe('How often `health` is published.'),
  homeAssistant: z
    .boolean()
    .default(false)
    .describe('Node and assets appear in Home Assistant by themselves (MQTT discovery).'),
  sparkplug: sparkplug
    .optional()
    .describe('Node and assets are shown as a Sparkplug B edge node with its devices; `{}` switches it on.'),
  ackTimeout: duration('1s', '10min')
    .prefault('20s')
    .describe(
      'A publish not acknowledged by then ends the connection, and everything unacknowledged goes again.',
    ),
  receipts: z
    .boolean()
    .default(false)
    .describe(
      'Keep each report until a collector (`fieldnote collect`) has stored it; an acknowledgement of the broker is not enough.',
    ),
  receiptTimeout: duration('1s', '1h')
    .prefault('30s')
    .describe('A report without a receipt by then goes again.'),
  updates: updates
    .optional()
    .describe('Signed updates are taken from the broker (`fieldnote update send`); `{}` switches it on.'),
});
