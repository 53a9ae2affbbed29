import { z } from 'zod';
import { FLIGHT_PHASES } from './flight-phase.ts';
import { reportSchema, stampSchema } from './report.ts';

/**
 * The digest: what happened over a stretch of time, as a document that is stored and published like a report. Its
 * JSON Schema (docs/reference/digest.schema.json) is generated from here. Fields are only ever added.
 */

const incidentFact = reportSchema
  .omit({ site: true, node: true, text: true, provenance: true, channels: true, labels: true })
  .extend({
    channels: reportSchema.shape.channels.max(1).describe('The one with the largest share.'),
    labels: reportSchema.shape.labels.max(1).describe('The likeliest.'),
  })
  .describe('An incident as its latest report knows it.');

const count = z.int().min(0);

export const DIGEST_CHIEF_MAX = 3;
export const DIGEST_OPEN_MAX = 5;
export const DIGEST_ASSETS_MAX = 64;
export const DIGEST_RESTS_ON_MAX = 200;

const flight = z
  .strictObject({
    asset: reportSchema.shape.asset,
    ended: z
      .enum(['disarmed', 'on-ground', 'silent'])
      .describe(
        'Its motors were disarmed; it stood on the ground for long, still armed; or it was not heard of any more.',
      ),
    airborneMs: z.number().min(0),
    phases: z
      .array(z.strictObject({ phase: z.enum(FLIGHT_PHASES), ms: z.number().min(0) }))
      .max(FLIGHT_PHASES.length)
      .describe('How long each of its phases was in all, in the order in which they first came.'),
    vibration: z
      .strictObject({ channel: z.string(), value: z.number().describe('m/s².') })
      .nullable()
      .describe('The greatest in the air; null when nothing told it.'),
    batteryUsedMah: z.number().min(0).nullable(),
    batteryLeastV: z.number().nullable().describe('The least voltage in the air.'),
    notTold: z
      .array(z.string())
      .max(32)
      .describe('What the autopilot said nothing about, by the first word of the channels, such as `esc`.'),
  })
  .describe('The flight that it is about; present if `occasion` is flight.');

export type DigestFlight = z.output<typeof flight>;

export const digestSchema = z
  .strictObject({
    id: z.uuid(),
    revision: z.int().min(1),
    kind: z.literal('digest'),
    occasion: z
      .enum(['schedule', 'offline', 'flight', 'question'])
      .describe('A time of the day, a link that came back, the end of a flight, or somebody who asked.'),
    site: z.string(),
    node: z.string(),
    from: stampSchema,
    to: stampSchema,
    lengthMs: z.number().min(0).nullable().describe('Of the time that it is about; null when nobody knows.'),
    counts: z
      .strictObject({
        incidents: count.describe('Those that were open at some time of it, the withdrawn ones apart.'),
        machine: count,
        sensor: count,
        bearing: count,
        flight: count.default(0).describe('Of the flight of a vehicle.'),
        critical: count,
        warning: count,
        notice: count,
        open: count.describe('Not closed by their latest report.'),
        withdrawn: count.describe('Incidents of the machine that the fault of a sensor explained.'),
      })
      .describe('Incidents by kind, and by severity.'),
    chief: z
      .array(incidentFact)
      .max(DIGEST_CHIEF_MAX)
      .describe('Those that matter most: by severity, length and highest score.'),
    open: z.array(incidentFact).max(DIGEST_OPEN_MAX).describe('The most important of those that are open.'),
    gaps: z
      .array(
        z.strictObject({
          reason: z.string().describe('As in the gap records.'),
          records: count.min(1),
          count: count.nullable().describe('Reports or samples lost; null when nobody knows.'),
          least: count.describe(
            'Those that are known of: as many as `count`, or a minimum when that is null.',
          ),
        }),
      )
      .max(32)
      .describe('What is missing.'),
    coverage: z
      .array(
        z.strictObject({
          asset: reportSchema.shape.asset,
          watchedMs: z.number().min(0).describe('Time for which there are verdicts.'),
        }),
      )
      .max(DIGEST_ASSETS_MAX)
      .describe('How complete the watching was.'),
    flight: flight.optional(),
    unplaced: count.describe('Incidents of which nobody knows whether they were in that time; not counted.'),
    unreadable: count.describe('Records that the disk has damaged.'),
    restsOn: z
      .array(z.strictObject({ id: z.uuid(), revision: z.int().min(1), updated: stampSchema }))
      .max(DIGEST_RESTS_ON_MAX)
      .describe('The latest reports that it was made from.'),
    text: z.string().min(1).max(1000),
    provenance: z.strictObject({
      textBy: z.literal('template'),
      config: z.string().describe('sha256 of the configuration file.'),
      agent: z.string().describe('Version of Fieldnote.'),
    }),
  })
  .describe('What happened over a stretch of time.');

export type Digest = z.output<typeof digestSchema>;
export type DigestIncident = z.output<typeof incidentFact>;
