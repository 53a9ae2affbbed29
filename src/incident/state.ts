import { z } from 'zod';
import { FLIGHT_PHASES } from '../values/flight-phase.ts';
import type { Evidence, FlightFault, Incident, SensorFault } from '../values/incident.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Label } from '../values/verdict.ts';

/**
 * What the incident machine remembers of one asset, or of one sensor or bearing of it: plain JSON, so that the store keeps it as it is and a restart
 * goes on where the last run ended. Lists rather than records, because channels may be called `constructor`.
 */

/** Channels of a model and labels of a model, see src/models/package.ts. */
const COUNT_MAX = 64;

const stamp = z
  .strictObject({
    boot: z.int(),
    monoMs: z.number(),
    wallMs: z.number(),
    clock: z.enum(['synced', 'gnss', 'manual', 'floor', 'unknown']),
    errorMs: z.number().nullable(),
  })
  .readonly() satisfies z.ZodType<Stamp>;

const evidence = z
  .strictObject({
    channel: z.string(),
    direction: z.enum(['above', 'below']),
    value: z.number(),
    baseline: z.number(),
    spread: z.number(),
    extreme: z.number(),
    share: z.number(),
    since: stamp,
  })
  .readonly() satisfies z.ZodType<Evidence>;

const label = z
  .strictObject({ name: z.string(), probability: z.number() })
  .readonly() satisfies z.ZodType<Label>;

const sensorFault = z
  .strictObject({
    fault: z.enum(['stuck', 'dropped-out', 'spiking', 'saturated', 'out-of-range', 'clock-jump']),
    source: z.string(),
    channels: z.array(z.string()).max(COUNT_MAX).readonly(),
    since: stamp,
    value: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    count: z.int().min(0).optional(),
    withinMs: z.number().optional(),
    normalMs: z.number().optional(),
    jumpMs: z.number().optional(),
  })
  .readonly() satisfies z.ZodType<SensorFault>;

const flightFault = z
  .strictObject({
    finding: z.enum(['motor-failure', 'limit']),
    phase: z.enum(FLIGHT_PHASES),
    since: stamp,
    motor: z.int().optional(),
    excessDeg: z.number().optional(),
    channel: z.string().optional(),
    unit: z.string().optional(),
    direction: z.enum(['above', 'below']).optional(),
    value: z.number().optional(),
    worst: z.number().optional(),
    limit: z.number().optional(),
    limitBy: z.strictObject({ title: z.string(), url: z.string() }).readonly().optional(),
  })
  .readonly() satisfies z.ZodType<FlightFault>;

const evidenceList = z.array(evidence).max(COUNT_MAX).readonly();
const labelList = z.array(label).max(COUNT_MAX).readonly();

const incident = z
  .strictObject({
    id: z.uuid(),
    asset: z.string(),
    // States of older versions are about the machine.
    kind: z.enum(['machine', 'sensor', 'bearing', 'flight']).default('machine'),
    subject: z.string().optional(),
    revision: z.int().min(1),
    severity: z.enum(['notice', 'warning', 'critical']),
    opened: stamp,
    updated: stamp,
    closed: stamp.nullable(),
    score: z.number().min(0),
    peakScore: z.number().min(0),
    evidence: evidenceList,
    labels: labelList,
    fault: sensorFault.optional(),
    flight: flightFault.optional(),
    model: z.string(),
    episodes: z.int().min(1),
    explainedBy: z.uuid().optional(),
  })
  .readonly() satisfies z.ZodType<Incident>;

const course = z
  .strictObject({
    peakScore: z.number().min(0),
    /** What carried the highest score. It is what a healed incident is remembered by. */
    peakEvidence: evidenceList,
    peakLabels: labelList,
    /** Per channel the value furthest from its baseline, and that distance. */
    extremes: z
      .array(z.strictObject({ channel: z.string(), value: z.number(), distance: z.number() }).readonly())
      .max(COUNT_MAX)
      .readonly(),
  })
  .readonly();

export const stateSchema = z
  .strictObject({
    version: z.literal(1),
    /**
     * The latest judged verdict. Timers run on *seen time*, endMs + offsetMs, which stands still while nothing
     * is judged and goes on from boot to boot.
     */
    latest: z.strictObject({ boot: z.int(), endMs: z.number(), offsetMs: z.number() }).readonly().nullable(),
    /** Since when each deviating channel has been away from its normal. */
    deviating: z
      .array(z.strictObject({ channel: z.string(), since: stamp }).readonly())
      .max(COUNT_MAX)
      .readonly(),
    /** An episode that has begun and has not lasted long enough to be an incident. */
    onset: z.strictObject({ sinceMs: z.number(), stamp, course }).readonly().nullable(),
    /** Health that has begun and has not lasted long enough to close the incident. */
    healthy: z.strictObject({ sinceMs: z.number(), stamp }).readonly().nullable(),
    /** A picture other than the published one, waiting to prove that it lasts. */
    change: z.strictObject({ sinceMs: z.number(), picture: z.string() }).readonly().nullable(),
    /** The open incident, or the last closed one for as long as it may be reopened; as of its last event. */
    life: z
      .strictObject({
        incident,
        course,
        /** What the last event showed, see pictureOf. */
        picture: z.string(),
        eventMs: z.number(),
        severityMs: z.number(),
      })
      .readonly()
      .nullable(),
  })
  .readonly();

export type IncidentState = z.output<typeof stateSchema>;
export type Course = z.output<typeof course>;
export type Life = NonNullable<IncidentState['life']>;
