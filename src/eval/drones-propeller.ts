import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Judge } from '../judge/judge.ts';
import { PROPELLER_CHANNELS } from '../learn/propeller/features.ts';
import { fitPropellerModel } from '../learn/propeller/model.ts';
import { gradeLabel, writePropellerPackage } from '../learn/propeller/package.ts';
import { readModelPackage } from '../models/read-package.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { Verdict } from '../values/verdict.ts';
import type { Window } from '../values/window.ts';
import type { BenchmarkTools } from './benchmark.ts';
import { listFiles } from './benchmark-files.ts';
import { flightWindows, PROPELLER_WINDOW, readFlight } from './flight-windows.ts';
import { type CalledFlightWindow, type PropellerScores, propellerScores } from './propeller-scores.ts';

/** The damage from which on the benchmark asks for an alarm. */
const ALARM_FROM_MM = 20;
/** Key of what is judged; nothing else is. */
const ASSET = 'propellers';
/** A busy machine must not look like an unsure model. */
const DEADLINE_MS = 10_000;

/** `<manoeuvre>-<good or millimetres>-<number>.BIN` */
const NAME = /^([a-z]+)-(?:(good)|(\d{1,3})mm)-(\d{1,2})\.BIN$/i;

interface FlightWindow {
  readonly file: string;
  readonly manoeuvre: string;
  readonly number: number;
  readonly damageMm: number;
  /** From 0 in each flight. */
  readonly row: number;
  readonly seconds: number;
  readonly data: Float32Array;
}

/** Which flights a model is trained on, and which ones it is asked about: never a window of the same flight. */
interface Split {
  readonly trained: string;
  readonly tested: string;
  readonly isTrained: (window: FlightWindow) => boolean;
  readonly isTested: (window: FlightWindow) => boolean;
}

const isOf = (manoeuvre: string) => (window: FlightWindow) => window.manoeuvre === manoeuvre;
const isHover = (number: number) => (window: FlightWindow) =>
  window.manoeuvre === 'hover' && window.number === number;

const SPLITS: readonly Split[] = [
  { trained: 'hover', tested: 'line', isTrained: isOf('hover'), isTested: isOf('line') },
  { trained: 'line', tested: 'hover', isTrained: isOf('line'), isTested: isOf('hover') },
  { trained: 'hover 1', tested: 'hover 2', isTrained: isHover(1), isTested: isHover(2) },
  { trained: 'hover 2', tested: 'hover 1', isTrained: isHover(2), isTested: isHover(1) },
];

/** Alarms in the windows of other flights, of a model that was trained on one good flight and no damaged one. */
export interface GoodOnlyFigures {
  readonly trained: string;
  readonly grades: readonly {
    readonly damageMm: number;
    readonly windows: number;
    readonly alarms: number;
  }[];
}

export interface PropellerFigures extends PropellerScores {
  readonly trained: string;
  readonly tested: string;
}

export interface PropellerEvaluation {
  readonly figures: readonly PropellerFigures[];
  readonly goodOnly: readonly GoodOnlyFigures[];
  /** Of the first two splits, in which every flight is tested once. */
  readonly windows: readonly CalledFlightWindow[];
}

/**
 * Trains the recipe of models/propeller on some real flights and asks the judge of the daemon about others.
 * @param dir holds `hover-good-1.BIN`, `line-20mm-1.BIN` and so on
 * @throws FieldnoteError RECORDING_UNREADABLE; BAD_ARGUMENT when flights for a split are missing
 */
export async function evaluatePropellers(dir: string, tools: BenchmarkTools): Promise<PropellerEvaluation> {
  const windows: FlightWindow[] = [];
  for (const file of await listFiles(dir)) {
    tools.progress(file);
    windows.push(...(await windowsOf(join(dir, file))));
  }
  const judge = new Judge({
    clock: systemClock(() => 0),
    random: Math.random,
    deadlineMs: DEADLINE_MS,
    queueLengthMax: 1,
    onRestart: (reason) => tools.log.error(reason.message),
  });
  try {
    const called: CalledFlightWindow[][] = [];
    for (const split of SPLITS) called.push(await callSplit(windows, split, judge));
    const figures = SPLITS.map(({ trained, tested }, at) => {
      return { trained, tested, ...propellerScores(called[at] ?? [], ALARM_FROM_MM) };
    });
    const goodOnly: GoodOnlyFigures[] = [];
    for (const file of new Set(windows.filter(({ damageMm }) => damageMm === 0).map((own) => own.file)))
      goodOnly.push(await callGoodOnly(windows, file, judge));
    return { figures, goodOnly, windows: called.slice(0, 2).flat() };
  } finally {
    await judge.stop();
  }
}

async function windowsOf(path: string): Promise<readonly FlightWindow[]> {
  const file = basename(path);
  const [, manoeuvre, good, millimetres, number] = NAME.exec(file) ?? [];
  if (manoeuvre === undefined) return [];
  const damageMm = good === undefined ? Number(millimetres) : 0;
  const flight = { file, manoeuvre: manoeuvre.toLowerCase(), number: Number(number), damageMm };
  return flightWindows(await readFlight(path)).map(({ data }, at) => {
    const seconds = ((at + 1) * PROPELLER_WINDOW.rows) / PROPELLER_WINDOW.rateHz;
    return { ...flight, data, row: at, seconds };
  });
}

async function callSplit(
  windows: readonly FlightWindow[],
  { trained, isTrained, isTested }: Split,
  judge: Judge,
): Promise<CalledFlightWindow[]> {
  const model = fitPropellerModel(windows.filter(isTrained), ALARM_FROM_MM);
  if (model === undefined) {
    const message = `the flights "${trained}" are not enough: \`fieldnote eval drones --help\` says which files it takes`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { trained });
  }
  const directory = await mkdtemp(join(tmpdir(), 'fieldnote-eval-'));
  try {
    const packaged = { model, window: PROPELLER_WINDOW, data: trained, trainedAt: new Date(0).toISOString() };
    await writePropellerPackage({ directory, ...packaged });
    await judge.activate(ASSET, await readModelPackage(directory));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const called: CalledFlightWindow[] = [];
  for (const { data, ...flight } of windows.filter(isTested)) {
    const verdict = await judge.judge(asWindow(data));
    called.push({ ...flight, ...callOf(verdict, model.gradesMm) });
  }
  return called;
}

async function callGoodOnly(
  windows: readonly FlightWindow[],
  file: string,
  judge: Judge,
): Promise<GoodOnlyFigures> {
  const isTrained = (window: FlightWindow) => window.file === file;
  const isTested = (window: FlightWindow) => window.file !== file;
  const called = await callSplit(windows, { trained: file, tested: 'others', isTrained, isTested }, judge);
  const grades = [...Map.groupBy(called, ({ damageMm }) => damageMm)].map(([damageMm, own]) => {
    return { damageMm, windows: own.length, alarms: own.filter(({ score }) => score >= 1).length };
  });
  return { trained: file, grades: grades.sort((a, b) => a.damageMm - b.damageMm) };
}

/** What is not judged is no alarm and no grade: it counts against the model. */
function callOf(verdict: Verdict, gradesMm: readonly number[]) {
  if (verdict.kind !== 'judged') return { score: Number.NaN, gradeMm: undefined };
  const best = verdict.labels[0]?.name;
  return { score: verdict.score, gradeMm: gradesMm.find((grade) => gradeLabel(grade) === best) };
}

function asWindow(data: Float32Array): Window {
  const { rateHz, rows } = PROPELLER_WINDOW;
  const channels = PROPELLER_CHANNELS.map(({ name }) => name);
  const coverage = channels.map((_, column) => {
    const cells = data.filter((_cell, at) => at % channels.length === column);
    return cells.filter(Number.isFinite).length / rows;
  });
  return { asset: ASSET, endMs: 0, rateHz, rows, channels, data, coverage };
}
