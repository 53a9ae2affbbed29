import type { SensorPlan } from '../../src/report/sensor-plan.ts';
import type { ChannelPlan, Course, Plan } from '../../src/report/slots.ts';

/** A plan from its prompt, with made-up values, so that tests can begin from what a writer sees. */
export function planFrom(prompt: string, language?: Plan['language']): Plan {
  const [, head = ''] = /^(.*?)(?: (?:also|just|above|below|normal|rose|fell)1|$)/.exec(prompt) ?? [];
  const words = prompt.split(' ');
  const event = words[0] as Plan['event'];
  const kind = (['sensor', 'bearing'] as const).find((word) => words.includes(word)) ?? 'machine';
  return {
    ...{ language, kind, event, severity: words[1] as Plan['severity'] },
    channels: kind === 'sensor' ? [] : [1, 2, 3].flatMap((number) => channelFrom(words, number)),
    sensor: kind === 'sensor' ? sensorFrom(words, event) : undefined,
    isFromBefore: / open before\b/.test(head),
    isCauseUnknown: / (?:cause|part) unknown$/.test(prompt),
    isWithdrawn: words.includes('withdrawn'),
    isClockUnset: head.includes(' clock unset'),
    slots: new Map(prompt.match(/(?<=@)\w+/g)?.map((name) => [name, VALUES[name] ?? name])),
  };
}

function channelFrom(words: readonly string[], number: number): ChannelPlan[] {
  const course = COURSES.find((word) => words.includes(`${word}${number}`));
  if (course === undefined) return [];
  const says = (word: string) => words.includes(`${word}${number}`);
  return [{ course, isJust: says('just'), isWorst: says('worst'), isFromBefore: says('before') }];
}

function sensorFrom(words: readonly string[], event: Plan['event']): SensorPlan | undefined {
  const fault = FAULTS.find((word) => words.includes(word));
  if (fault === undefined) return undefined;
  const isSource = words.includes('all');
  const check = fault === 'stuck' && isSource ? 'check_device' : CHECKS[fault];
  return {
    ...{ fault, isSource, isFromBefore: words.includes('before1') },
    direction: (['above', 'below'] as const).find((word) => words.includes(`${word}1`)),
    check: event === 'closed' ? undefined : check,
  };
}

const COURSES: readonly Course[] = ['above', 'below', 'normal', 'rose', 'fell'];
const FAULTS = ['stuck', 'silent', 'spiking', 'saturated', 'range', 'jump'] as const;
const CHECKS = {
  ...({ stuck: 'check_sensor', silent: 'check_sensor', spiking: 'check_cable' } as const),
  ...({ saturated: 'check_range', range: 'check_break', jump: 'check_clock' } as const),
};
const VALUES: Readonly<Record<string, string>> = {
  NTH: '3rd episode',
  EPISODES: '3 episodes',
  MORE: '2 more channels',
};
