import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type BearingConstants, type BearingModel, judgeBearing, loadBearingModel } from './bearing-model.ts';
import {
  alwaysCalled,
  type BearingLabel,
  type BearingScores,
  bearingScores,
  type CalledWindow,
} from './bearing-scores.ts';
import { decimate } from './decimate.ts';

/** The drive-end bearing of the test rig, SKF 6205-2RS JEM, as its maker gives it. */
const DRIVE_END = { balls: 9, ballDiameterMm: 7.94, pitchDiameterMm: 39.04, contactAngleDeg: 0 } as const;

const RECORDINGS_MAX = 1000;
const FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024;

const LABEL_OF = {
  ball: 'ball',
  inner_race: 'inner race',
  outer_race: 'outer race',
} as const satisfies Record<string, BearingLabel>;

/** `index.json` beside the recordings: raw float32 little-endian, one channel each. */
const indexSchema = z
  .array(
    z.object({
      file: z.string().regex(/^[\w-]+\.f32$/),
      rate_hz: z.number().positive(),
      fault: z.enum(['ball', 'inner_race', 'outer_race']).nullable(),
      fault_inches: z.number().positive().nullable(),
      rpm: z.number().positive(),
    }),
  )
  .min(1)
  .max(RECORDINGS_MAX);

type Recording = z.output<typeof indexSchema>[number];

export interface BearingFigures {
  readonly benchmark: string;
  readonly protocol: string;
  readonly files: number;
  /** sha256 of the model. */
  readonly model: string;
  readonly scores: BearingScores;
  readonly alwaysOuterRace: BearingScores;
  readonly neverFaulty: BearingScores;
  readonly perFaultInches: readonly { readonly inches: number; readonly scores: BearingScores }[];
  readonly perFile: readonly {
    readonly file: string;
    readonly truth: BearingLabel;
    readonly scores: BearingScores;
  }[];
}

export interface BearingEvaluation {
  readonly figures: BearingFigures;
  readonly windows: readonly CalledWindow[];
}

/**
 * Judges every window of every recording of a folder with a classifier that saw none of them. Recordings at a
 * multiple of the model's rate are brought down to it; windows overlap by half.
 * @param dir holds index.json and the recordings that it names
 * @param modelDir the package, such as models/bearing
 * @throws {FieldnoteError} RECORDING_UNREADABLE, MODEL_INVALID
 */
export async function evaluateBearings(dir: string, modelDir: string): Promise<BearingEvaluation> {
  const model = await loadBearingModel(modelDir);
  const windows: CalledWindow[] = [];
  const recordings = await readIndex(dir);
  for (const recording of recordings) windows.push(...(await callWindows(dir, recording, model)));
  return { figures: figuresOf(windows, model), windows };
}

function figuresOf(windows: readonly CalledWindow[], { manifest }: BearingModel): BearingFigures {
  const perFile = Map.groupBy(windows, ({ file }) => file);
  const perSize = Map.groupBy(windows, ({ faultInches }) => faultInches ?? 0);
  const { rows, rateHz } = manifest.window;
  return {
    benchmark: 'CWRU bearings, drive end',
    protocol: `windows of ${rows} samples at ${rateHz} Hz, half overlapping; no recording used for training`,
    files: perFile.size,
    model: manifest.sha256,
    scores: bearingScores(windows),
    alwaysOuterRace: alwaysCalled('outer race', windows),
    neverFaulty: alwaysCalled('healthy', windows),
    perFaultInches: [...perSize]
      .filter(([inches]) => inches > 0)
      .sort(([a], [b]) => a - b)
      .map(([inches, group]) => ({ inches, scores: bearingScores(group) })),
    perFile: [...perFile].map(([file, group]) => ({
      file,
      truth: (group[0] as CalledWindow).truth,
      scores: bearingScores(group),
    })),
  };
}

async function callWindows(
  dir: string,
  recording: Recording,
  model: BearingModel,
): Promise<readonly CalledWindow[]> {
  const { rows, rateHz } = model.manifest.window;
  const samples = await readSamples(join(dir, recording.file));
  const factor = recording.rate_hz / rateHz;
  if (!Number.isInteger(factor)) {
    const message = `${recording.file} has ${recording.rate_hz} Hz: a whole multiple of ${rateHz} Hz is needed`;
    throw new FieldnoteError('RECORDING_UNREADABLE', message, { file: recording.file });
  }
  const brought = decimate(samples, factor);
  const constants: BearingConstants = { ...DRIVE_END, rateHz, shaftHz: recording.rpm / 60 };
  const called: CalledWindow[] = [];
  for (let start = 0; start + rows <= brought.length; start += rows / 2) {
    const answer = await judgeBearing(model, brought.slice(start, start + rows), constants);
    called.push({
      file: recording.file,
      row: start,
      truth: recording.fault === null ? 'healthy' : LABEL_OF[recording.fault],
      faultInches: recording.fault_inches,
      best: answer.best,
      isSure: answer.isSure,
      score: answer.score,
    });
  }
  return called;
}

async function readIndex(dir: string): Promise<readonly Recording[]> {
  const path = join(dir, 'index.json');
  try {
    return indexSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const message = `${path} lists no bearing recordings: ${messageOf(error)}`;
    throw new FieldnoteError('RECORDING_UNREADABLE', message, { path }, error);
  }
}

async function readSamples(path: string): Promise<Float32Array> {
  const unreadable = (why: string, cause?: unknown) =>
    new FieldnoteError('RECORDING_UNREADABLE', `${path} ${why}`, { path }, cause);
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(`cannot be read: ${messageOf(error)}`, error);
  });
  if (found.size > FILE_SIZE_BYTES_MAX)
    throw unreadable(`has ${found.size} bytes; ${FILE_SIZE_BYTES_MAX} are allowed`);
  if (found.size % 4 !== 0) throw unreadable(`has ${found.size} bytes, which is no whole number of float32`);
  const bytes = await readFile(path);
  const samples = Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
  if (!samples.every(Number.isFinite)) throw unreadable('holds values that are no numbers');
  return samples;
}
