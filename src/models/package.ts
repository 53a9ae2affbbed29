import { z } from 'zod';

/**
 * The model package: a folder `<sha256 of model.onnx>/` with `model.onnx` and `model.json`. Features live inside
 * the graph: it takes the raw window of the asset's channels, so that nothing can differ between training and
 * running.
 *
 * Graph inputs:  `window` float32 [rows, channels], NaN where the window has a gap; each of `constants` float32 [1].
 * Graph outputs: `score` float32 [1], ≥ 0, 1 = alarm limit; optionally `value`, `baseline`, `spread`, `share`,
 * each float32 [channels] (see ChannelDeviation); optionally `labels` float32 [labels], probabilities.
 */
export const modelManifestSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1).max(64),
  version: z.string().min(1).max(32),
  licence: z.string().min(1).max(64),
  /** Of model.onnx, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  channels: z
    .array(z.strictObject({ name: z.string().min(1), unit: z.string().min(1) }))
    .min(1)
    .max(64),
  window: z.strictObject({
    rateHz: z.number().positive(),
    rows: z.int().min(2).max(100_000),
    stepMs: z.number().positive(),
  }),
  /** Smallest share of cells of each channel that must hold a value for the model to judge. */
  coverageMin: z.number().min(0).max(1),
  /** What the graph takes beside the window, such as a speed or a geometry, and the range that the model knows. */
  constants: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(64),
        unit: z.string().min(1).max(16),
        min: z.number(),
        max: z.number(),
      }),
    )
    .max(16)
    .optional(),
  outputs: z.strictObject({
    deviations: z.boolean(),
    labels: z.array(z.string().min(1)).max(64),
    /** The best label is said only when its probability is at least this; below, the model is unsure. */
    unsureBelow: z.number().min(0).max(1).optional(),
  }),
  /**
   * What the model gives for a window that anybody can make again: the cell of row r and channel c holds
   * center[c] + swing[c] · sin(r · channels + c). Compared within 1e-4 of the larger of 1 and the value before use.
   */
  golden: z
    .strictObject({
      center: z.array(z.number()).max(64),
      swing: z.array(z.number()).max(64),
      /** Of each of `constants`, by name. */
      constants: z.record(z.string(), z.number()).optional(),
      /** By the name of the output. */
      outputs: z.record(z.string(), z.array(z.number()).max(64)),
    })
    .optional(),
  /** Where it comes from: data, recipe, and what was measured. */
  provenance: z.strictObject({
    recipe: z.string().min(1),
    data: z.string().min(1),
    trainedAt: z.string(),
    figures: z.record(z.string(), z.number()),
  }),
});

export type ModelManifest = z.output<typeof modelManifestSchema>;

/** A package that was read and checked. */
export interface ModelPackage {
  readonly manifest: ModelManifest;
  readonly onnxPath: string;
}
