import { z } from 'zod';

/**
 * What Home Assistant demands of a retained discovery message, from its documentation of MQTT discovery, binary sensors
 * and sensors (https://www.home-assistant.io/integrations/mqtt/). It ignores unknown keys; here they are faults.
 */

const topic = z
  .string()
  .min(1)
  .regex(/^[^+#\0]+$/);
const template = z.string().regex(/\{\{.*\}\}/s);
const entity = {
  unique_id: z.string().min(1),
  name: z.string().min(1),
  state_topic: topic.optional(),
  value_template: template.optional(),
  json_attributes_topic: topic.optional(),
  json_attributes_template: template.optional(),
  entity_category: z.literal('diagnostic').optional(),
  enabled_by_default: z.boolean().optional(),
  icon: z
    .string()
    .regex(/^mdi:[a-z-]+$/)
    .optional(),
  qos: z.literal([0, 1, 2]).optional(),
  expire_after: z.int().min(0).optional(),
  force_update: z.boolean().optional(),
};

const binarySensor = z.strictObject({
  ...entity,
  platform: z.literal('binary_sensor'),
  device_class: z.enum(['problem', 'connectivity', 'running', 'update']).optional(),
  payload_on: z.string().optional(),
  payload_off: z.string().optional(),
  off_delay: z.int().optional(),
});

/** Units that a device class of a sensor allows. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  data_size: ['bit', 'B', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB'],
  duration: ['d', 'h', 'min', 's', 'ms'],
};

const sensor = z
  .strictObject({
    ...entity,
    platform: z.literal('sensor'),
    device_class: z.enum(['enum', 'data_size', 'duration', 'timestamp']).optional(),
    state_class: z.enum(['measurement', 'total', 'total_increasing']).optional(),
    unit_of_measurement: z.string().min(1).optional(),
    suggested_display_precision: z.int().min(0).optional(),
    options: z.array(z.string().min(1)).min(1).optional(),
  })
  .superRefine(({ device_class, state_class, unit_of_measurement, options }, context) => {
    const isEnum = device_class === 'enum';
    const units = UNITS[device_class ?? ''];
    if (isEnum !== (options !== undefined)) context.addIssue('options belong to device_class enum');
    if (isEnum && (state_class ?? unit_of_measurement) !== undefined)
      context.addIssue('an enum has neither state class nor unit');
    if (units && !units.includes(unit_of_measurement ?? ''))
      context.addIssue(`${device_class} has no unit ${unit_of_measurement}`);
  });

const discoverySchema = z.strictObject({
  device: z.strictObject({
    identifiers: z.array(z.string().min(1)).min(1),
    name: z.string().min(1),
    manufacturer: z.string().optional(),
    model: z.string().optional(),
    sw_version: z.string().optional(),
    via_device: z.string().optional(),
  }),
  origin: z.strictObject({ name: z.string().min(1), sw_version: z.string().optional() }),
  availability: z.array(
    z.strictObject({
      topic,
      payload_available: z.string().optional(),
      payload_not_available: z.string().optional(),
      value_template: template.optional(),
    }),
  ),
  state_topic: topic.optional(),
  components: z.record(
    z.string().regex(/^[a-zA-Z0-9_-]+$/),
    z.discriminatedUnion('platform', [binarySensor, sensor]),
  ),
});

export type Discovery = z.output<typeof discoverySchema>;

/** Only these can be an id in a discovery topic. */
const DISCOVERY_TOPIC = /^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/;

/** @throws Error naming the first rule that the message breaks */
export function readDiscovery(topicName: string, payload: string): Discovery {
  if (!DISCOVERY_TOPIC.test(topicName)) throw new Error(`${topicName} is no topic of device discovery`);
  const document = discoverySchema.parse(JSON.parse(payload));
  const ids = Object.values(document.components).map(({ unique_id }) => unique_id);
  if (new Set(ids).size < ids.length) throw new Error('two entities have the same unique_id');
  const stateless = Object.values(document.components).filter(
    (entity) => !(entity.state_topic ?? document.state_topic),
  );
  if (stateless.length > 0) throw new Error('an entity has no state topic');
  return document;
}
