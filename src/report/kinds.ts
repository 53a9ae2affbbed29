import type { Kind } from './languages.ts';
import type { SensorPlan } from './sensor-plan.ts';
import type { Plan } from './slots.ts';

/** What phrases are about, and what may stand beside what. */

type Kinds = readonly Kind[];
const kinds = <K extends Kind>(...given: readonly K[]): readonly K[] => given;

export const HEADS: Kinds = kinds('head', 'head_been', 'still', 'withdrawn');
export const OPENS: Kinds = kinds('open', 'open_sentence');
export const ENDS: Kinds = kinds('end', 'end_sentence');
export const ABOUT_INCIDENT: Kinds = [
  ...[...HEADS, ...OPENS, ...ENDS],
  ...kinds('nth', 'nth_sentence', 'over', 'over_sentence', 'withdrawn_for'),
  ...kinds('episodes', 'episodes_listed', 'episodes_sentence'),
];

const CLOCKS = kinds('clock', 'clock_sentence');
const BEGINS = kinds('begin', 'begin_sentence');
const SCORES = kinds('score', 'peak');
const BEARINGS = kinds('bearing', 'bearing_unknown');
const OUTS = kinds('out', 'out_all');
const CHECKS = [
  ...kinds('check_sensor', 'check_device', 'check_cable', 'check_range', 'check_break', 'check_clock'),
];
/** About neither the incident nor a channel. */
export const APART: Kinds = [
  ...kinds('more', 'more_sentence', 'label', 'unknown', 'score_only'),
  ...[...CLOCKS, ...SCORES, ...BEARINGS, ...OUTS, ...CHECKS],
];

/** What a sensor does, and which fault that is. */
export const FAULTS: Readonly<Partial<Record<Kind, SensorPlan['fault']>>> = {
  ...({ stuck: 'stuck', stuck_all: 'stuck', silent: 'silent', silent_all: 'silent' } as const),
  ...({ spiking: 'spiking', saturated: 'saturated', range: 'range', jump: 'jump' } as const),
};
/** Faults in the words of a whole source. */
export const OF_SOURCES: Kinds = kinds('stuck_all', 'silent_all');
const MEASURES = kinds('bound', 'impossible', 'jump_time', 'repeat', 'last', 'clipped');
const ABOUT_SENSORS = [...(Object.keys(FAULTS) as Kind[]), ...MEASURES, ...OUTS, ...CHECKS];

/** Whether a phrase may be said of a machine, a sensor or a bearing. */
export function isAbout(subject: Plan['kind'], kind: Kind): boolean {
  if (ABOUT_INCIDENT.includes(kind) || (CLOCKS as Kinds).includes(kind)) return true;
  if (subject === 'sensor') return ABOUT_SENSORS.includes(kind) || (BEGINS as Kinds).includes(kind);
  if (subject === 'bearing') return [...BEARINGS, ...SCORES].some((one) => one === kind);
  return !ABOUT_SENSORS.includes(kind) && !(BEARINGS as Kinds).includes(kind);
}

/** The channels of a group, one by one. */
export const DETAILS: Kinds = kinds('detail', 'detail_change', 'detail_past');
/** Nothing else may begin a sentence about a channel. */
export const CONTINUES: Kinds = [
  ...kinds('dir', 'dir_just', 'dir_all', 'against', 'against_change', 'at_value', 'reads', 'change'),
  ...kinds('worst_now', 'worst', 'worst_sentence', 'begin_sentence', 'back_dir'),
  ...kinds('now', 'now_finite', 'now_sentence'),
  ...[...DETAILS, ...MEASURES],
];
export const SAYS_JUST: Kinds = kinds('dir_just', 'finite_just', 'has_been_just');
export const SAYS_ALSO: Kinds = kinds('finite_also', 'past_also');
export const SAYS_BACK: Kinds = kinds('back', 'back_dir');
/** Phrases after which "since" would speak of something other than the deviation. */
export const NO_BEGIN_AFTER: Kinds = [...kinds('worst', 'worst_now', 'worst_sentence'), ...SAYS_BACK];
