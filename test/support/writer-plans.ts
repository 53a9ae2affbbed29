import type { ChannelPlan, Course, Plan } from '../../src/report/slots.ts';

/** A plan from its prompt, with made-up values, so that tests can begin from what a writer sees. */
export function planFrom(prompt: string): Plan {
  const [, head = ''] = /^(.*?)(?: (?:just|above|below|normal|rose|fell)1|$)/.exec(prompt) ?? [];
  return {
    event: /^\w+/.exec(prompt)?.[0] as Plan['event'],
    severity: prompt.split(' ')[1] as Plan['severity'],
    channels: [1, 2, 3].flatMap((number) => channelFrom(prompt.split(' '), number)),
    isFromBefore: / open before\b/.test(head),
    isCauseUnknown: prompt.endsWith(' cause unknown'),
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

const COURSES: readonly Course[] = ['above', 'below', 'normal', 'rose', 'fell'];
const VALUES: Readonly<Record<string, string>> = {
  NTH: '3rd episode',
  EPISODES: '3 episodes',
  MORE: '2 more channels',
};
