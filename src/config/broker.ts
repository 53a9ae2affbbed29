import { z } from 'zod';
import { duration } from './duration.ts';

/** How the broker is reached, and what the link may cost. */

/** MQTT over TCP or WebSocket; only the latter has a path. */
const URL_PATTERN = /^(?:mqtts?:\/\/[^\s@/?#]+|wss?:\/\/[^\s@/?#]+(?:\/[^\s@#]*)?)$/;

export const brokerUrl = z
  .string()
  .refine(
    (url) => URL_PATTERN.test(url) && URL.canParse(url),
    'must be mqtt://host:port, mqtts://host:port, ws://host:port/path or wss://host:port/path, without user or password',
  )
  .describe('Broker, such as mqtts://broker.example:8883 or wss://broker.example/mqtt.');

export const rateLimit = z
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

export const expireAfter = z
  .strictObject({
    update: lifetime.optional().describe('Updates of incidents; without it they are kept.'),
    evidence: lifetime.prefault('30d').describe('Evidence.'),
    telemetry: lifetime.prefault('7d').describe('Telemetry.'),
  })
  .prefault({})
  .describe(
    'What is older is not sent any more, and counted. The openings and ends of incidents never expire.',
  );
