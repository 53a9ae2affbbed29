import type { Evidence, SensorFault } from '../values/incident.ts';
import type { Stamp } from '../values/stamp.ts';
import type { ChannelDeviation, Judged, Label } from '../values/verdict.ts';
import type { Course, IncidentState } from './state.ts';

/** A channel counts as deviating from 2 learned spreads off its baseline until it is back within 1. */
const DEVIATING_SPREADS = 2;
const SETTLED_SPREADS = 1;
/** A channel is evidence when it carries a tenth of the score; more than 8 of them no reader takes in. */
const SHARE_MIN = 0.1;
const EVIDENCE_COUNT_MAX = 8;
/** A label counts towards the picture when it is more likely than not. */
const LABEL_PROBABILITY_MIN = 0.5;

type Deviating = IncidentState['deviating'];

type Place = Pick<ChannelDeviation, 'value' | 'baseline' | 'spread'>;

const distanceOf = ({ value, baseline }: Place) => Math.abs(value - baseline);
const sideOf = ({ value, baseline }: Place) => (value >= baseline ? 'above' : 'below');
const isDeviating = (place: Place) => distanceOf(place) >= DEVIATING_SPREADS * place.spread;

/** Keeps since when each channel deviates; the channel that leads an episode counts even if it is close to normal. */
export function followDeviating(before: Deviating, verdict: Judged, stamp: Stamp): Deviating {
  const sinceOf = new Map(before.map(({ channel, since }) => [channel, since]));
  const leading = verdict.score >= 1 ? carriersOf(verdict.deviations)[0] : undefined;
  return verdict.deviations.flatMap((deviation) => {
    const { channel, spread } = deviation;
    const since = sinceOf.get(channel);
    const isAway = isDeviating(deviation) || deviation === leading;
    const isStillAway = since !== undefined && distanceOf(deviation) >= SETTLED_SPREADS * spread;
    return isAway || isStillAway ? [{ channel, since: since ?? stamp }] : [];
  });
}

/** The course of an episode or incident with one more verdict in it. */
export function followCourse(
  before: Course | null,
  verdict: Judged,
  deviating: Deviating,
  stamp: Stamp,
): Course {
  const extremes = followExtremes(before?.extremes ?? [], verdict.deviations);
  if (before !== null && verdict.score <= before.peakScore) return { ...before, extremes };
  const peakEvidence = evidenceOf(verdict.deviations, { extremes, deviating, stamp });
  return { peakScore: verdict.score, peakEvidence, peakLabels: verdict.labels, extremes };
}

/** The course of an incident that a new episode reopens. */
export function joinCourses(before: Course, episode: Course): Course {
  const peak = episode.peakScore > before.peakScore ? episode : before;
  const distances = new Map(before.extremes.map((extreme) => [extreme.channel, extreme]));
  const extremes = episode.extremes.map((extreme) => {
    const earlier = distances.get(extreme.channel);
    return earlier !== undefined && earlier.distance >= extreme.distance ? earlier : extreme;
  });
  return { ...peak, extremes };
}

/** The channels that carry the score now, with what the course knows about them; the largest share first. */
export function evidenceOf(
  deviations: readonly ChannelDeviation[],
  { extremes, deviating, stamp }: { extremes: Course['extremes']; deviating: Deviating; stamp: Stamp },
): Evidence[] {
  const extremeOf = new Map(extremes.map((extreme) => [extreme.channel, extreme.value]));
  const sinceOf = new Map(deviating.map(({ channel, since }) => [channel, since]));
  return carriersOf(deviations).map(({ channel, value, baseline, spread, share }) => ({
    channel,
    direction: sideOf({ value, baseline, spread }),
    value,
    baseline,
    spread,
    extreme: extremeOf.get(channel) ?? value,
    share,
    since: sinceOf.get(channel) ?? stamp,
  }));
}

/**
 * The channels that carried the peak, with the values of now: what there is to say once the score is healthy and
 * its shares are noise. Share and since stay those of the peak, and so does the direction of a channel that is back
 * near its normal.
 */
export function healedEvidence(course: Course, deviations: readonly ChannelDeviation[]): Evidence[] {
  const now = new Map(deviations.map((deviation) => [deviation.channel, deviation]));
  const extremeOf = new Map(course.extremes.map((extreme) => [extreme.channel, extreme.value]));
  return course.peakEvidence.map((evidence) => {
    const deviation = now.get(evidence.channel) ?? evidence;
    const { value, baseline, spread } = deviation;
    return {
      ...evidence,
      direction: isDeviating(deviation) ? sideOf(deviation) : evidence.direction,
      value,
      baseline,
      spread,
      extreme: extremeOf.get(evidence.channel) ?? evidence.extreme,
    };
  });
}

/**
 * What a reader would call the same trouble: which channels deviate to which side and the likely label, or what is wrong
 * with which sensors.
 */
export function pictureOf({
  evidence,
  labels,
  fault,
}: {
  readonly evidence: readonly Evidence[];
  readonly labels: readonly Label[];
  readonly fault?: SensorFault | undefined;
}): string {
  if (fault !== undefined) return JSON.stringify([fault.fault, ...fault.channels]);
  const channels = evidence.map(({ channel, direction }) => `${channel} ${direction}`).sort();
  const label = labels.find(({ probability }) => probability >= LABEL_PROBABILITY_MIN)?.name ?? null;
  return JSON.stringify([label, ...channels]);
}

function carriersOf(deviations: readonly ChannelDeviation[]): readonly ChannelDeviation[] {
  const byShare = deviations.toSorted((a, b) => b.share - a.share);
  const carriers = byShare.filter((deviation) => deviation.share >= SHARE_MIN && isDeviating(deviation));
  return (carriers.length > 0 ? carriers : byShare.slice(0, 1)).slice(0, EVIDENCE_COUNT_MAX);
}

/** Only channels of the present model are kept, so that the list cannot grow over changes of the model. */
function followExtremes(
  before: Course['extremes'],
  deviations: readonly ChannelDeviation[],
): Course['extremes'] {
  const earlierOf = new Map(before.map((extreme) => [extreme.channel, extreme]));
  return deviations.map((deviation) => {
    const earlier = earlierOf.get(deviation.channel);
    const distance = distanceOf(deviation);
    if (earlier !== undefined && earlier.distance >= distance) return earlier;
    return { channel: deviation.channel, value: deviation.value, distance };
  });
}
