import type { ChannelPlan, Course, Plan } from '../../src/report/slots.ts';

/** A plan from its prompt, with made-up values, so that tests can begin from what a writer sees. */
export function planFrom(prompt: string): Plan {
  const [head = '', ...channels] =
    prompt
      .replace(/( @MORE| @SCORE| @PEAK| @LABEL| cause unknown)/, '|$1')
      .split('|')[0]
      ?.split(' channel ') ?? [];
  return {
    event: /^\w+/.exec(prompt)?.[0] as Plan['event'],
    severity: prompt.split(' ')[1] as Plan['severity'],
    channels: channels.map(channelFrom),
    isFromBefore: / open before\b/.test(head),
    isCauseUnknown: prompt.endsWith(' cause unknown'),
    isClockUnset: head.includes(' clock unset'),
    slots: new Map(prompt.match(/(?<=@)\w+/g)?.map((name) => [name, VALUES[name.replace(/\d/, '')] ?? name])),
  };
}

function channelFrom(words: string): ChannelPlan {
  const said = words.split(' ');
  const course = said.find((word) => COURSES.includes(word as Course)) as Course;
  return {
    course,
    isJust: said.includes('just'),
    isWorst: said.includes('worst'),
    isFromBefore: said.includes('before'),
  };
}

const COURSES: readonly Course[] = ['above', 'below', 'normal', 'rose', 'fell'];
const VALUES: Readonly<Record<string, string>> = {
  NTH: '3rd episode',
  EPISODES: '3 episodes',
  MORE: '2 more channels',
};
