import { z } from 'zod';
import type { IncidentConfig } from '../config/schema.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { FlightFault, Incident, IncidentAbout, IncidentEvent, SensorFault } from '../values/incident.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Judged, Verdict } from '../values/verdict.ts';
import {
  evidenceOf,
  followCourse,
  followDeviating,
  healedEvidence,
  joinCourses,
  pictureOf,
} from './evidence.ts';
import { severityOf } from './severity.ts';
import { type IncidentState, type Life, stateSchema } from './state.ts';

/**
 * Verdicts → incidents, a pure function of state and verdict; one state for each asset and for each sensor and bearing of it.
 * At most one incident of a state is open.
 *
 *   score ≥ 1 for openAfter             opened; or, within mergeWithin of the last closing, the same incident again
 *   score < closeBelow for closeAfter   closed, as of the moment when it began to be healthy
 *   in between                          nothing changes: pending health and pending onsets end
 *
 * Revisions of an open incident: a higher severity at once; another picture (deviating channels, their directions,
 * likely label) that has lasted openAfter; and updateEvery without any other. Except for severity and reopening,
 * two updates are never closer than a minute, or updateEvery where that is shorter, so a flickering channel does
 * not flood anyone.
 *
 * What was not judged is neither sick nor healthy. One missing verdict is bridged; a longer gap, a reboot or a
 * timeline that went back ends pending onsets and pending health, and no timer counts it. An open incident stays.
 */

const MACHINE: IncidentAbout = { kind: 'machine' };
const UPDATE_GAP_MS = 60_000;
/** Between two and three steps, so that rounding never decides whether one verdict or two are missing. */
const BRIDGED_STEPS = 2.5;

export type { IncidentState };

export interface StepInput {
  readonly verdict: Verdict;
  /** The machine if nothing is said; always the same for one state. */
  readonly about?: IncidentAbout;
  /** What is wrong with the sensor that the verdict is about. */
  readonly fault?: SensorFault | undefined;
  /** What a rule found in the flight that the verdict is about. */
  readonly flight?: FlightFault | undefined;
  /** The full time of the verdict's endMs. */
  readonly stamp: Stamp;
  readonly settings: IncidentConfig;
  /** Time from one verdict of this asset to the next: the longer of `window.step` and one cell of the grid. */
  readonly stepMs: number;
  /** Mints the UUID of a new incident. */
  readonly newId: () => string;
}

export interface StepResult {
  readonly state: IncidentState;
  readonly event: IncidentEvent | undefined;
}

/** A judged verdict with everything that is known at its time. */
interface Moment extends StepInput {
  readonly verdict: Judged;
  readonly nowMs: number;
}

export function initialState(): IncidentState {
  return {
    version: 1,
    latest: null,
    deviating: [],
    onset: null,
    healthy: null,
    change: null,
    life: null,
  };
}

/**
 * Checks a state that comes from the store.
 * @throws FieldnoteError STORE_CORRUPT when it is none; the asset then starts from initialState()
 */
export function restore(value: unknown): IncidentState {
  const parsed = stateSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reasons = z.prettifyError(parsed.error);
  const message = `stored state of the incidents is not readable, begin anew without an open incident: ${reasons}`;
  throw new FieldnoteError('STORE_CORRUPT', message, { reasons });
}

/** One verdict further. A verdict that did not judge leaves the state as it is. */
export function step(state: IncidentState, input: StepInput): StepResult {
  const { verdict, stamp } = input;
  if (verdict.kind === 'not-judged') return { state, event: undefined };
  const seen = followTime(state, { ...input, verdict });
  const deviating = followDeviating(seen.deviating, verdict, stamp);
  const moment = { ...input, verdict, nowMs: verdict.endMs + seen.latest.offsetMs };
  const next = { ...seen, deviating };
  return isOpen(next.life) ? stepOpen(next, next.life, moment) : stepClosed(next, moment);
}

/** Closes an open incident because another one explains it. It is not reopened. */
export function explain(
  state: IncidentState,
  { explainedBy, stamp }: { readonly explainedBy: string; readonly stamp: Stamp },
): StepResult {
  const { life } = state;
  if (!isOpen(life)) return { state, event: undefined };
  const revision = life.incident.revision + 1;
  const incident: Incident = { ...life.incident, revision, updated: stamp, closed: stamp, explainedBy };
  const next = { ...state, onset: null, healthy: null, change: null, life: { ...life, incident } };
  return { state: next, event: { event: 'closed', incident } };
}

function isOpen(life: Life | null): life is Life {
  return life !== null && life.incident.closed === null;
}

/** Moves seen time on. After a gap it stands where it stood, and what was pending is forgotten. */
function followTime(state: IncidentState, { verdict, stamp, stepMs }: Omit<Moment, 'nowMs'>) {
  const { latest } = state;
  const { endMs } = verdict;
  const latestEndMs = latest?.boot === stamp.boot ? latest.endMs : Number.POSITIVE_INFINITY;
  if (latest !== null && endMs >= latestEndMs && endMs - latestEndMs <= BRIDGED_STEPS * stepMs)
    return { ...state, latest: { ...latest, endMs } };
  const nowMs = latest === null ? 0 : latest.endMs + latest.offsetMs;
  return {
    ...state,
    latest: { boot: stamp.boot, endMs, offsetMs: nowMs - endMs },
    deviating: isOpen(state.life) ? state.deviating : [],
    onset: null,
    healthy: null,
    change: null,
  };
}

function stepClosed(state: IncidentState, moment: Moment): StepResult {
  const { verdict, stamp, settings, nowMs } = moment;
  if (verdict.score < 1) return { state: { ...state, onset: null }, event: undefined };
  const course = followCourse(state.onset?.course ?? null, verdict, state.deviating, stamp);
  const onset = { sinceMs: nowMs, stamp, ...state.onset, course };
  const isLasting = nowMs - onset.sinceMs >= settings.openAfter;
  return isLasting ? open(state, onset, moment) : { state: { ...state, onset }, event: undefined };
}

function open(state: IncidentState, onset: NonNullable<IncidentState['onset']>, moment: Moment): StepResult {
  const { stamp, settings, newId, nowMs } = moment;
  const last = state.life;
  const before = last !== null && mayMerge(last.incident, onset.stamp, settings) ? last : null;
  const course = before === null ? onset.course : joinCourses(before.course, onset.course);
  const severity = severityOf({
    kind: (moment.about ?? MACHINE).kind,
    before: before?.incident.severity,
    score: onset.course.peakScore,
    lastedMs: nowMs - onset.sinceMs,
    settings,
  });
  const shown = shownNow(state, course, moment);
  const { id, revision, opened, episodes } = before?.incident ?? newIncident(newId(), onset.stamp);
  const incident: Incident = {
    ...shown,
    id,
    revision: revision + 1,
    severity,
    opened,
    updated: stamp,
    closed: null,
    peakScore: course.peakScore,
    episodes: episodes + 1,
  };
  const picture = pictureOf(shown);
  const life = { incident, course, picture, eventMs: nowMs, severityMs: onset.sinceMs };
  const event = before === null ? 'opened' : 'updated';
  return { state: { ...state, onset: null, life }, event: { event, incident } };
}

function newIncident(id: string, opened: Stamp) {
  return { id, opened, revision: 0, episodes: 0 };
}

/** Between boots nobody knows how much time went by, so only episodes of one boot are merged. */
function mayMerge(last: Incident, begin: Stamp, { mergeWithin }: IncidentConfig): boolean {
  if (last.explainedBy !== undefined) return false;
  const closing = last.updated;
  const sinceMs = begin.monoMs - closing.monoMs;
  return begin.boot === closing.boot && sinceMs >= 0 && sinceMs <= mergeWithin;
}

function stepOpen(state: IncidentState, life: Life, moment: Moment): StepResult {
  const { verdict, stamp, settings, nowMs } = moment;
  const isHealthy = verdict.score < settings.closeBelow;
  const healthy = isHealthy ? (state.healthy ?? { sinceMs: nowMs, stamp }) : null;
  const course = followCourse(life.course, verdict, state.deviating, stamp);
  const shown = shownNow(state, course, moment);
  const picture = pictureOf(shown);
  const change = pendingChange(state, life, picture, moment);
  const severity = verdict.score >= 1 ? climb(life, moment) : life.incident.severity;
  const closed = healthy !== null && nowMs - healthy.sinceMs >= settings.closeAfter ? healthy.stamp : null;

  const isRisen = severity !== life.incident.severity;
  if (closed === null && !isRisen && !isUpdateDue(life, change, moment))
    return { state: { ...state, healthy, change, life: { ...life, course } }, event: undefined };

  const incident: Incident = {
    ...life.incident,
    ...shown,
    revision: life.incident.revision + 1,
    severity,
    updated: stamp,
    closed,
    peakScore: course.peakScore,
  };
  const severityMs = isRisen ? nowMs : life.severityMs;
  const nextLife = { incident, course, picture, eventMs: nowMs, severityMs };
  const next = { ...state, healthy: closed === null ? healthy : null, change: null, life: nextLife };
  return { state: next, event: { event: closed === null ? 'updated' : 'closed', incident } };
}

function climb(life: Life, { verdict, settings, nowMs }: Moment) {
  const lastedMs = nowMs - life.severityMs;
  const { kind, severity: before } = life.incident;
  return severityOf({ kind, before, score: verdict.score, lastedMs, settings });
}

/** The part of an incident that shows the present; once the score is healthy, what carried the peak. */
function shownNow(state: IncidentState, course: Life['course'], moment: Moment) {
  const { verdict, stamp, settings } = moment;
  const { asset, score, model, deviations } = verdict;
  const fault = moment.fault ?? state.life?.incident.fault;
  const flight = moment.flight ?? state.life?.incident.flight;
  const isHealthy = score < settings.closeBelow;
  const evidence = isHealthy
    ? healedEvidence(course, deviations)
    : evidenceOf(deviations, { extremes: course.extremes, deviating: state.deviating, stamp });
  const labels = isHealthy ? course.peakLabels : verdict.labels;
  const found = { ...(fault && { fault }), ...(flight && { flight }) };
  return { asset, ...(moment.about ?? MACHINE), score, model, evidence, labels, ...found };
}

function pendingChange(state: IncidentState, life: Life, picture: string, { verdict, nowMs }: Moment) {
  if (verdict.score < 1 || picture === life.picture) return null;
  return state.change?.picture === picture ? state.change : { sinceMs: nowMs, picture };
}

function isUpdateDue(life: Life, change: IncidentState['change'], { settings, nowMs }: Moment): boolean {
  const sinceEventMs = nowMs - life.eventMs;
  if (sinceEventMs >= settings.updateEvery) return true;
  const isLasting = change !== null && nowMs - change.sinceMs >= settings.openAfter;
  return isLasting && sinceEventMs >= Math.min(UPDATE_GAP_MS, settings.updateEvery);
}
