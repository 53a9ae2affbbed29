import { z } from 'zod';
import { PHASES, SEVERITIES } from '../src/publish/mirrored.ts';
import { outcomeSchema } from '../src/update/releases.ts';
import { PART_BYTES, updateSchemas } from '../src/update-carrier/protocol.ts';
import { LANES } from '../src/values/lane.ts';
import { receiptSchema } from '../src/values/receipt.ts';

/** The AsyncAPI 3.0 document: what Fieldnote publishes over MQTT, for those who subscribe. */
export function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Fieldnote',
      version: '1',
      description:
        'Reports of an edge agent. Delivery is at least once and in order: drop duplicates by CloudEvents `id`; ' +
        'nothing is missing when `sequence` has no hole within one `epoch` and `lane`, gaps apart, which are published.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      incident: channel(
        'incident/{asset}',
        'Reports about one asset, QoS 1, not retained. Nodes on slow links pack them by gzip, which the user property ' +
          '`contentEncoding` says; the user property `id` is that of the CloudEvent.',
        'report',
      ),
      status: channel(
        'status',
        'Online or offline, retained; offline comes as the last will as well.',
        'status',
      ),
      health: channel(
        'health',
        'Counters, sources, learning and store, about once a minute, retained.',
        'health',
      ),
      digest: channel(
        'digest',
        'What happened over a shift, a day, a flight or the time without a link, QoS 1, not retained.',
        'digest',
      ),
      asset: channel(
        'asset/{asset}',
        'How one asset is now, retained; only with `mqtt.homeAssistant`, whose entities read it.',
        'asset',
      ),
      gap: channel('gap', 'The newest durable records of what was lost, and how much, retained.', 'gap'),
      receipt: channel('receipt', 'Collectors say here what they have stored durably.', 'receipt'),
      update_offer: channel(
        'update/offer',
        'Offers a signed update and asks how far it has come; only with `mqtt.updates`.',
        'updateOffer',
      ),
      update_part: channel(
        'update/part',
        'A part of an update: SHA-256 of its head (32 bytes), number of the part from 0 (4 bytes, big-endian), and its bytes: ' +
          `${PART_BYTES}, the last part fewer.`,
        'updatePart',
      ),
      update_state: channel('update/state', 'What the node has of an offered update, QoS 1.', 'updateState'),
    },
    operations: {
      ...publishing(['incident', 'digest', 'status', 'health', 'asset', 'gap', 'update_state']),
      // Only with mqtt.receipts: a node that waits for receipts keeps each report until its own.
      hear_receipt: { action: 'receive', channel: { $ref: '#/channels/receipt' } },
      // Only with mqtt.updates.
      hear_update_offer: { action: 'receive', channel: { $ref: '#/channels/update_offer' } },
      hear_update_part: { action: 'receive', channel: { $ref: '#/channels/update_part' } },
    },
    components: { messages: messages() },
  };
}

function publishing(names: readonly string[]): object {
  return Object.fromEntries(
    names.map((name) => [`publish_${name}`, { action: 'send', channel: { $ref: `#/channels/${name}` } }]),
  );
}

function channel(topic: string, description: string, message: string): object {
  const names = [...`fieldnote/{site}/{node}/${topic}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  return {
    address: `fieldnote/{site}/{node}/${topic}`,
    description,
    parameters: Object.fromEntries(
      names.map((name) => [name, { description: `The ${name} as configured.` }]),
    ),
    messages: { [message]: { $ref: `#/components/messages/${message}` } },
  };
}

function messages(): object {
  const text = { type: 'string' };
  const cloudEvent = (type: object, data: object, attributes: object = {}) => ({
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'time', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: { ...text, description: 'The same for each delivery of the same thing: drop duplicates by it.' },
      source: { ...text, description: 'fieldnote/<site>/<node>' },
      type,
      time: { ...text, format: 'date-time' },
      datacontenttype: { const: 'application/json' },
      ...attributes,
      data,
    },
  });
  const sequence = {
    subject: { ...text, description: 'Key of the asset.' },
    epoch: { ...text, description: 'Changes when the store was replaced, salvaged, copied or restored.' },
    lane: { enum: LANES, description: 'Priority class, the most urgent first. Order is kept within a lane.' },
    sequence: { ...text, description: 'Counts from 1, without holes within one epoch and lane.' },
  };
  const events = ['opened', 'updated', 'closed'].map((event) => `fieldnote.incident.${event}`);
  const digests = ['schedule', 'offline', 'flight'].map((occasion) => `fieldnote.digest.${occasion}`);
  return {
    report: {
      contentType: 'application/cloudevents+json',
      payload: cloudEvent({ enum: events }, { $ref: 'report.schema.json' }, sequence),
    },
    digest: {
      contentType: 'application/cloudevents+json',
      payload: cloudEvent({ enum: digests }, { $ref: 'digest.schema.json' }, sequence),
    },
    gap: gapMessage(),
    status: {
      payload: {
        type: 'object',
        required: ['state'],
        properties: { state: { enum: ['online', 'offline'] }, agent: text, epoch: text },
      },
    },
    asset: assetMessage(),
    health: healthMessage(),
    receipt: { payload: z.toJSONSchema(receiptSchema) },
    updateOffer: { payload: z.toJSONSchema(updateSchemas.offer) },
    updatePart: { contentType: 'application/octet-stream' },
    updateState: { payload: z.toJSONSchema(updateSchemas.state) },
  };
}

function healthMessage(): object {
  const release = {
    type: 'object',
    description: 'Of the updates of this device; absent when there was never one.',
    required: ['sequence'],
    properties: {
      sequence: {
        type: ['integer', 'null'],
        description: 'Of the release in use; null for the program that the package has installed.',
      },
      trial: { type: 'integer', description: 'Sequence of the update that is being tried.' },
      last: { ...z.toJSONSchema(outcomeSchema), description: 'What came of the last update.' },
    },
  };
  return { payload: { type: 'object', properties: { release, counters: { type: 'object' } } } };
}

function gapMessage(): object {
  const text = { type: 'string' };
  const gap = {
    type: 'object',
    required: ['id', 'reason', 'detail', 'count'],
    properties: {
      id: { type: 'integer', description: 'Grows; the same record keeps its id.' },
      reason: text,
      detail: text,
      count: { type: ['integer', 'null'], description: 'Reports lost; null when nobody knows.' },
      epoch: { type: ['string', 'null'], description: 'To which the numbers belong.' },
      lane: { enum: [...LANES, null] },
      fromSeq: { type: ['integer', 'null'] },
      toSeq: { type: ['integer', 'null'] },
    },
  };
  const properties = { epoch: text, gaps: { type: 'array', items: gap } };
  return { payload: { type: 'object', required: ['gaps'], properties } };
}

function assetMessage(): object {
  const text = { type: 'string' };
  return {
    payload: {
      type: 'object',
      required: ['key', 'name', 'isIncidentOpen', 'severity'],
      properties: {
        key: text,
        name: text,
        isOnline: { type: 'boolean', description: 'Whether its values come in.' },
        phase: { enum: [...PHASES] },
        learned: { type: 'number', minimum: 0, maximum: 1 },
        score: { type: ['number', 'null'], description: '1 is the alarm limit.' },
        isIncidentOpen: { type: 'boolean' },
        severity: { enum: [...SEVERITIES] },
        text: { ...text, description: 'Of the latest report.' },
      },
    },
  };
}
