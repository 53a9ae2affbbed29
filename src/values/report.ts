import { z } from 'zod';
import { FLIGHT_PHASES } from './flight-phase.ts';
import { languages } from './language.ts';

/**
 * The report: the document that is stored, published and kept by others. Its JSON Schema
 * (docs/reference/report.schema.json) is generated from here. Fields are only ever added.
 */

export const stampSchema = z
  .strictObject({
    boot: z.int().min(0).describe('Counts the boots of the device.'),
    monoMs: z.number().min(0).describe('Milliseconds since that boot.'),
    time: z.iso.datetime().describe('Wall time in UTC, as good as `clock` says.'),
    clock: z.enum(['synced', 'gnss', 'manual', 'floor', 'unknown']),
    errorMs: z.number().min(0).nullable().describe('Half-width of the interval that holds the true time.'),
  })
  .describe('When, and how sure that is. Order is by (boot, monoMs).');

const channelFact = z.strictObject({
  channel: z.string(),
  name: z.string().describe('Name for people.'),
  unit: z.string(),
  direction: z.enum(['above', 'below']),
  value: z.number().describe('Mean over the latest window.'),
  baseline: z.number().describe('Learned normal mean.'),
  spread: z.number().positive().describe('Learned standard deviation of the window mean.'),
  extreme: z.number().describe('Window mean furthest from the baseline in this incident.'),
  share: z.number().min(0).max(1).describe('Share of the score.'),
  since: stampSchema,
});

const sensorFact = z
  .strictObject({
    fault: z
      .enum(['stuck', 'dropped-out', 'spiking', 'saturated', 'out-of-range', 'clock-jump'])
      .describe('Why its values cannot be believed.'),
    source: z.string(),
    channels: z
      .array(z.strictObject({ channel: z.string(), name: z.string(), unit: z.string() }))
      .max(64)
      .describe('Channels that are left out of the judgement because of it.'),
    since: stampSchema,
    value: z.number().optional().describe('Latest value concerned.'),
    min: z.number().optional().describe('Lower limit that it reached or passed.'),
    max: z.number().optional().describe('Upper limit that it reached or passed.'),
    count: z.int().min(0).optional().describe('Number of values concerned.'),
    withinMs: z.number().min(0).optional().describe('Time in which they were counted.'),
    normalMs: z.number().min(0).optional().describe('How long this lasted at most while it was learned.'),
    jumpMs: z.number().optional().describe('By how much a clock jumped; negative for back.'),
  })
  .describe('The fault of a sensor; present if `kind` is sensor.');

const flightFact = z
  .strictObject({
    finding: z
      .enum(['motor-failure', 'limit'])
      .describe('A motor that no longer pushes, or a published limit that was passed.'),
    phase: z.enum(FLIGHT_PHASES).describe('In which phase of flight it was found.'),
    since: stampSchema,
    motor: z.int().min(1).optional().describe('As the autopilot counts; none when it is not known which.'),
    excessDeg: z.number().optional().describe('How much further than demanded the vehicle turned, °.'),
    channel: z.string().optional().describe('The channel that passed a limit.'),
    unit: z.string().optional(),
    direction: z.enum(['above', 'below']).optional(),
    value: z.number().optional().describe('Latest value.'),
    worst: z.number().optional().describe('Furthest beyond the limit.'),
    limit: z.number().optional(),
    limitBy: z
      .strictObject({ title: z.string(), url: z.string() })
      .optional()
      .describe('Who has published the limit.'),
  })
  .describe('What a rule found in a flight; present if `kind` is flight.');

const writer = z
  .strictObject({
    model: z.string().describe('sha256 of the language model.'),
    prompt: z.string().describe('sha256 of what it was asked.'),
    seed: z.int().min(0).describe('Of the accepted try.'),
    verdicts: z.array(z.string()).min(1).describe('Of each try: why it was refused, or `accepted`.'),
    tokens: z.int().min(0).describe('Generated for the accepted try.'),
    ms: z.number().min(0).describe('From the first question to the accepted text.'),
  })
  .describe('How a language model came to the text.');

export const reportSchema = z
  .strictObject({
    id: z.uuid().describe('Of the incident; the same for all its revisions.'),
    revision: z.int().min(1),
    event: z.enum(['opened', 'updated', 'closed']),
    kind: z
      .enum(['machine', 'sensor', 'bearing', 'flight'])
      .default('machine')
      .describe('What it is about; documents of older versions are about the machine.'),
    subject: z
      .string()
      .optional()
      .describe(
        'Channel, source (as `source:<key>`), bearing or rule that it is about; the machine has none.',
      ),
    site: z.string(),
    node: z.string(),
    asset: z.strictObject({ key: z.string(), name: z.string() }),
    severity: z.enum(['notice', 'warning', 'critical']),
    opened: stampSchema,
    updated: stampSchema,
    closed: stampSchema.nullable(),
    score: z.number().min(0).describe('1 is the alarm limit.'),
    peakScore: z.number().min(0),
    episodes: z.int().min(1),
    channels: z.array(channelFact).max(64),
    labels: z.array(z.strictObject({ name: z.string(), probability: z.number().min(0).max(1) })),
    sensor: sensorFact.optional(),
    bearing: z
      .strictObject({ key: z.string(), name: z.string() })
      .optional()
      .describe('Present if `kind` is bearing.'),
    flight: flightFact.optional(),
    explainedBy: z
      .uuid()
      .optional()
      .describe('Incident that explains a closed one: not the machine was at fault but its sensor.'),
    language: z.enum(languages).optional().describe('Of the text; English where there is none.'),
    text: z.string().min(1).max(1000),
    provenance: z.strictObject({
      textBy: z.enum(['template', 'llm']),
      writer: writer.optional(),
      model: z.string().describe('sha256 of the model package that judged; empty where none did.'),
      config: z.string().describe('sha256 of the configuration file.'),
      agent: z.string().describe('Version of Fieldnote.'),
    }),
  })
  .describe('One revision of the report about one incident.');

export type Report = z.output<typeof reportSchema>;
export type ReportStamp = z.output<typeof stampSchema>;
export type WriterProvenance = z.output<typeof writer>;
export type ChannelFact = z.output<typeof channelFact>;
export type FlightFact = z.output<typeof flightFact>;
export type SensorFact = z.output<typeof sensorFact>;
