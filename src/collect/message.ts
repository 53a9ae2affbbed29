import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { messageOf } from '../system/errors.ts';

/**
 * What nodes publish, as a collector takes it. Everything that comes from a broker is hostile, and nodes of other
 * versions may say more than is known here: only what the books need is read, and the document is kept as it came.
 */

/** One report, by its place: `sequence` counts from 1 within site, node, epoch and lane. */
export interface CollectedReport {
  readonly site: string;
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly sequence: number;
  /** CloudEvents id: the same for every copy. */
  readonly id: string;
  readonly type: string;
  /** Key of the asset; empty when it is about none. */
  readonly subject: string;
  /** Of the event, ISO 8601. */
  readonly time: string;
  /** The CloudEvent as it came. */
  readonly document: string;
}

/** A record of a node that reports were lost. */
export interface CollectedGap {
  readonly site: string;
  readonly node: string;
  readonly epoch: string;
  /** The same record keeps it while it grows. */
  readonly id: number;
  readonly lane: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly count: number | null;
  readonly fromSequence: number | null;
  readonly toSequence: number | null;
}

/** A message that cannot be read, kept for a person to look at. */
export interface PutAside {
  readonly topic: string;
  readonly reason: string;
  /** Its beginning. */
  readonly payload: string;
}

/** What a message is. */
export type Content =
  | { readonly kind: 'report'; readonly report: CollectedReport }
  | { readonly kind: 'gaps'; readonly gaps: readonly CollectedGap[] }
  | {
      readonly kind: 'unreadable';
      readonly reason: string;
      /** Of a report that can be read and that the database refuses. */
      readonly report?: CollectedReport;
    };

/** Twice what a node takes, for the envelope. */
export const DOCUMENT_BYTES_MAX = 256 * 1024;
const PUT_ASIDE_LENGTH_MAX = 4096;
const GAPS_MAX = 1000;

const level = z.string().regex(/^[^\p{Cc}/+#]{1,256}$/u);
const text = (lengthMax: number) =>
  z
    .string()
    .max(lengthMax)
    .regex(/^\P{Cc}*$/u)
    .refine(isWellFormed);
const epoch = text(64).min(1);
const lane = z.string().regex(/^[a-z][a-z-]{0,31}$/);
const sequence = z.int().min(1);

const eventSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: text(512).min(1),
  source: z.string(),
  type: text(128),
  subject: text(256).default(''),
  time: z.iso.datetime({ offset: true }),
  epoch,
  lane,
  sequence: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .pipe(sequence),
  data: z.looseObject({}),
});

const gapsSchema = z.looseObject({
  epoch: epoch.optional(),
  gaps: z
    .array(
      z.looseObject({
        id: z.int().min(0),
        epoch: epoch.nullish(),
        lane: lane.nullish().transform((name) => name ?? null),
        reason: text(64),
        detail: text(1024),
        count: z.int().min(0).nullable(),
        fromSeq: sequence.nullable(),
        toSeq: sequence.nullable(),
      }),
    )
    .max(GAPS_MAX),
});

/** One publish of a node. */
export interface NodeMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** User property `contentEncoding`: nodes on slow links pack by gzip. */
  readonly encoding?: unknown;
}

/** Reads one message of a node. */
export function readMessage({ topic, payload, encoding }: NodeMessage): Content {
  const [root, site, node, kind] = topic.split('/');
  if (root !== 'fieldnote' || !level.safeParse(site).success || !level.safeParse(node).success)
    return unreadable('the topic is not fieldnote/<site>/<node>/…');
  if (payload.length > DOCUMENT_BYTES_MAX)
    return unreadable(`it has ${payload.length} bytes; at most ${DOCUMENT_BYTES_MAX} are taken`);
  const place = { site: `${site}`, node: `${node}` };
  try {
    const bytes =
      encoding === 'gzip' ? gunzipSync(payload, { maxOutputLength: DOCUMENT_BYTES_MAX }) : payload;
    const document = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(document);
    return kind === 'gap' ? readGaps(place, value) : readReport(place, value, document);
  } catch (error) {
    return unreadable(`it is no JSON: ${messageOf(error)}`);
  }
}

/** What is kept of a message that cannot be stored. */
export function putAsideOf(topic: string, payload: Buffer, reason: string): PutAside {
  return {
    topic: storable(topic),
    reason: storable(reason),
    payload: storable(payload.toString('utf8', 0, PUT_ASIDE_LENGTH_MAX)),
  };
}

function readReport(place: { site: string; node: string }, value: unknown, document: string): Content {
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) return unreadable(`it is no report of a node: ${faultsOf(parsed.error)}`);
  const { id, source, type, subject, time, epoch, lane, sequence } = parsed.data;
  if (source !== `fieldnote/${place.site}/${place.node}`)
    return unreadable('its source is another node than its topic');
  return { kind: 'report', report: { ...place, epoch, lane, sequence, id, type, subject, time, document } };
}

function readGaps(place: { site: string; node: string }, value: unknown): Content {
  const parsed = gapsSchema.safeParse(value);
  if (!parsed.success) return unreadable(`it is no list of gaps: ${faultsOf(parsed.error)}`);
  const { epoch } = parsed.data;
  // A node whose store cannot be opened has no epoch, and its gaps have no place.
  const gaps = epoch === undefined ? [] : parsed.data.gaps;
  return {
    kind: 'gaps',
    gaps: gaps.map(({ id, lane, reason, detail, count, fromSeq, toSeq, ...gap }) => ({
      ...{ ...place, epoch: gap.epoch ?? epoch ?? '', id, lane, reason, detail, count },
      fromSequence: fromSeq,
      toSequence: toSeq,
    })),
  };
}

function faultsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`)
    .join('; ');
}

function unreadable(reason: string): Content {
  return { kind: 'unreadable', reason };
}

function isWellFormed(value: string): boolean {
  return value.isWellFormed();
}

/** Databases take no NUL, and nothing that is no Unicode. */
function storable(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\u{fffd}').slice(0, PUT_ASIDE_LENGTH_MAX);
}
