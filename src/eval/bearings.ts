import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Judge } from '../judge/judge.ts';
import type { ModelManifest } from '../models/package.ts';
import { readModelPackage } from '../models/read-package.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Logger } from '../system/log.ts';
import type { Verdict } from '../values/verdict.ts';
import { atRateOf, burstWindow } from '../window/burst.ts';
import {
  alwaysCalled,
  type BearingLabel,
  type BearingScores,
  bearingScores,
  type Call,
  type CalledWindow,
} from './bearing-scores.ts';
import type { BenchmarkTools } from './benchmark.ts';

/** The drive-end bearing of the test rig, SKF 6205-2RS JEM, as its maker gives it. */
const DRIVE_END = { balls: 9, ballDiameterMm: 7.94, pitchDiameterMm: 39.04, contactAngleDeg: 0 } as const;

const RECORDINGS_MAX = 1000;
const FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024;
/** Key of what is judged; nothing else is. */
const ASSET = 'bearing';
/** A busy machine must not look like an unsure model. */
const DEADLINE_MS = 10_000;

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

interface BearingTools extends BenchmarkTools {
  /** The package, such as models/bearing. */
  readonly modelDir: string;
}

/**
 * Judges every window of every recording of a folder, with the judge of the daemon and a classifier that saw none of
 * them. Recordings at a higher rate than the model takes are brought down to it; windows overlap by half.
 * @param dir holds index.json and the recordings that it names
 * @throws {FieldnoteError} RECORDING_UNREADABLE, MODEL_INVALID
 */
export async function evaluateBearings(dir: string, tools: BearingTools): Promise<BearingEvaluation> {
  const model = await readModelPackage(tools.modelDir);
  const recordings = await readIndex(dir);
  const judge = createJudge(tools.log);
  try {
    await judge.activate(ASSET, model);
    const windows: CalledWindow[] = [];
    for (const recording of recordings) {
      tools.progress(recording.file);
      windows.push(...(await callWindows(dir, recording, { judge, manifest: model.manifest })));
    }
    return { figures: figuresOf(windows, model.manifest), windows };
  } finally {
    await judge.stop();
  }
}

function createJudge(log: Logger): Judge {
  return new Judge({
    clock: systemClock(() => 0),
    random: Math.random,
    deadlineMs: DEADLINE_MS,
    queueLengthMax: 1,
    onRestart: (reason) => log.error(reason.message),
  });
}

function figuresOf(windows: readonly CalledWindow[], { window, sha256 }: ModelManifest): BearingFigures {
  const perFile = Map.groupBy(windows, ({ file }) => file);
  const perSize = Map.groupBy(windows, ({ faultInches }) => faultInches ?? 0);
  return {
    benchmark: 'CWRU bearings, drive end',
    protocol: `windows of ${window.rows} samples at ${window.rateHz} Hz, half overlapping; no recording used for training`,
    files: perFile.size,
    model: sha256,
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
  { judge, manifest }: { readonly judge: Judge; readonly manifest: ModelManifest },
): Promise<readonly CalledWindow[]> {
  const { file, fault, fault_inches: faultInches, rate_hz, rpm } = recording;
  const recorded = { values: await readSamples(join(dir, file)), rateHz: rate_hz };
  const { values, rateHz } = atRateOf(manifest, recorded) ?? refuseRate(recording);
  const told = { asset: ASSET, constants: { ...DRIVE_END, shaftHz: rpm / 60 } };
  const { rows } = manifest.window;
  const called: CalledWindow[] = [];
  for (let end = rows; end <= values.length; end += rows / 2) {
    const burst = { values: values.slice(end - rows, end), rateHz, monoMs: 0, channel: 'acceleration' };
    const window = burstWindow(burst, manifest, told) ?? refuseRate(recording);
    const verdict = await judge.judge(window);
    called.push({
      file,
      row: called.length,
      seconds: end / rateHz,
      truth: fault === null ? 'healthy' : LABEL_OF[fault],
      faultInches,
      call: callOf(verdict),
      score: verdict.kind === 'judged' ? verdict.score : Number.NaN,
    });
  }
  return called;
}

/** Whatever keeps the model from a label counts against it. */
function callOf(verdict: Verdict): Call {
  return verdict.kind === 'judged' ? (verdict.labels[0]?.name as BearingLabel) : 'unsure';
}

function refuseRate({ file, rate_hz }: Recording): never {
  const message = `${file} has ${rate_hz} Hz, which is not a rate that the model takes, nor a multiple of one`;
  throw new FieldnoteError('RECORDING_UNREADABLE', message, { file });
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
