import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelManifest, modelManifestSchema } from '../../models/package.ts';
import { PROPELLER_CHANNELS } from './features.ts';
import { propellerGraph } from './graph.ts';
import { judgePropellers, type PropellerModel } from './model.ts';

export interface PropellerPackageOptions {
  /** Made when it is absent; a package that is there is replaced. */
  readonly directory: string;
  readonly model: PropellerModel;
  readonly window: { readonly rateHz: number; readonly rows: number };
  /** Which flights it was trained on, for people. */
  readonly data: string;
  /** ISO 8601. */
  readonly trainedAt: string;
}

/** Half of a window must hold values: records of an autopilot come in less often than the grid has cells. */
const COVERAGE_MIN = 0.5;

/** A small quadcopter in flight, so that the golden outputs go through the whole graph. */
const GOLDEN = {
  center: [1620, 1610, 1600, 1590, 11, 16, 2, 4, 6],
  swing: [40, 35, 30, 45, 0.2, 1.5, 0.3, 0.5, 0.8],
} as const;

/** Writes the model as a package for `fieldnote models check` and `activate`. */
export async function writePropellerPackage(options: PropellerPackageOptions): Promise<void> {
  const { directory, model, window } = options;
  const onnx = propellerGraph(model, window.rows);
  const sha256 = createHash('sha256').update(onnx).digest('hex');
  const manifest = modelManifestSchema.parse(manifestOf(sha256, options));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'model.onnx'), onnx);
  await writeFile(join(directory, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function manifestOf(
  sha256: string,
  { model, window, data, trainedAt }: PropellerPackageOptions,
): ModelManifest {
  const { score, labels } = judgePropellers(model, goldenWindow(window.rows));
  const outputs = { score: [score], ...(labels.length === 0 ? {} : { labels: [...labels] }) };
  const { gradesMm, alarmFromMm, windows } = model;
  return {
    format: 1,
    name: 'propeller',
    version: '1',
    licence: 'LicenseRef-own-flights',
    sha256,
    channels: PROPELLER_CHANNELS.map(({ name, unit }) => ({ name, unit })),
    window: { ...window, stepMs: (1000 * window.rows) / window.rateHz },
    coverageMin: COVERAGE_MIN,
    toleratesMissing: false,
    outputs: { deviations: false, labels: gradesMm.map(gradeLabel) },
    golden: { center: [...GOLDEN.center], swing: [...GOLDEN.swing], outputs },
    provenance: { recipe: 'models/propeller/train.ts', data, trainedAt, figures: { windows, alarmFromMm } },
  };
}

export function gradeLabel(damageMm: number): string {
  return damageMm === 0 ? 'good propellers' : `propeller ${damageMm} mm short`;
}

function goldenWindow(rows: number): Float32Array {
  const width = PROPELLER_CHANNELS.length;
  return Float32Array.from({ length: rows * width }, (_, at) => {
    const [center = 0, swing = 0] = [GOLDEN.center[at % width], GOLDEN.swing[at % width]];
    return center + swing * Math.sin(at);
  });
}
