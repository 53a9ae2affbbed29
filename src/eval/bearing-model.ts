import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { modelManifestSchema } from '../models/package.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { BEARING_LABELS, type BearingLabel } from './bearing-scores.ts';

const CONSTANT_NAMES = [
  'rateHz',
  'shaftHz',
  'balls',
  'ballDiameterMm',
  'pitchDiameterMm',
  'contactAngleDeg',
] as const;

/** What the graph takes beside the window: the machine's speed and its bearing, each float32 [1]. */
export type BearingConstants = Readonly<Record<(typeof CONSTANT_NAMES)[number], number>>;

/** The manifest of a bearing classifier: constants that the asset gives, and when the answer is "unsure". */
const bearingManifestSchema = modelManifestSchema.extend({
  constants: z.array(
    z.strictObject({
      name: z.enum(CONSTANT_NAMES),
      unit: z.string().min(1),
      min: z.number(),
      max: z.number(),
    }),
  ),
  outputs: z.strictObject({
    deviations: z.literal(false),
    labels: z.array(z.enum(BEARING_LABELS)).length(BEARING_LABELS.length),
    /** The best label is said only when its probability is at least this. */
    unsureBelow: z.number().min(0).max(1),
  }),
});

export type BearingManifest = z.output<typeof bearingManifestSchema>;

export interface BearingModel {
  readonly manifest: BearingManifest;
  readonly session: InferenceSession;
}

export interface BearingAnswer {
  /** Probability of any fault over its limit; an alarm from 1 on. */
  readonly score: number;
  readonly best: BearingLabel;
  /** Of the best label, 0 to 1. */
  readonly probability: number;
  readonly isSure: boolean;
}

/**
 * Loads the package of a bearing classifier.
 * @param directory holds `model.json` and `model.onnx`
 * @throws {FieldnoteError} MODEL_INVALID naming the folder and what is wrong
 */
export async function loadBearingModel(directory: string): Promise<BearingModel> {
  try {
    const json: unknown = JSON.parse(await readFile(join(directory, 'model.json'), 'utf8'));
    const manifest = bearingManifestSchema.parse(json);
    const bytes = await readFile(join(directory, 'model.onnx'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== manifest.sha256) throw new Error(`model.onnx has the sha256 ${sha256}`);
    return { manifest, session: await InferenceSession.create(bytes, { intraOpNumThreads: 1 }) };
  } catch (error) {
    const message = `${directory} holds no bearing classifier: ${messageOf(error)}`;
    throw new FieldnoteError('MODEL_INVALID', message, { directory }, error);
  }
}

/** Judges one burst of `manifest.window.rows` samples; their gain and offset do not matter. */
export async function judgeBearing(
  { manifest, session }: BearingModel,
  burst: Float32Array,
  constants: BearingConstants,
): Promise<BearingAnswer> {
  const outputs = await session.run({
    window: new Tensor('float32', burst, [burst.length, 1]),
    ...Object.fromEntries(CONSTANT_NAMES.map((name) => [name, scalar(constants[name])])),
  });
  const [score = Number.NaN] = numbersOf(outputs['score']);
  const probabilities = numbersOf(outputs['labels']);
  const probability = Math.max(...probabilities);
  const best = manifest.outputs.labels[probabilities.indexOf(probability)] as BearingLabel;
  const isSure = probability >= manifest.outputs.unsureBelow;
  return { score, best, probability, isSure };
}

function numbersOf(tensor: Tensor | undefined): number[] {
  return tensor?.data instanceof Float32Array ? [...tensor.data] : [];
}

function scalar(value: number): Tensor {
  return new Tensor('float32', Float32Array.of(value), [1]);
}
