/**
 * Ways in which a writer goes wrong. Each changes what a true text says, or leaves it as it is where it finds nothing
 * to change.
 */
export type Mutation = (text: string, random: () => number) => string;

export function pick<T>(options: readonly T[], random: () => number): T | undefined {
  return options[Math.floor(random() * options.length)];
}

/** Replaces one of the matches. */
export function replaceOne(
  text: string,
  pattern: RegExp,
  random: () => number,
  by: (found: string) => string,
): string {
  const match = pick([...text.matchAll(pattern)], random);
  if (match === undefined) return text;
  return text.slice(0, match.index) + by(match[0]) + text.slice(match.index + match[0].length);
}

export function replacer(pairs: readonly (readonly [string, string])[]): Mutation {
  const other = new Map(pairs.flatMap(([one, two]) => [[one, two] as const, [two, one] as const]));
  const pattern = new RegExp(`(?<!\\p{L})(?:${[...other.keys()].join('|')})(?!\\p{L})`, 'giu');
  return (text, random) =>
    replaceOne(text, pattern, random, (found) => other.get(found.toLowerCase()) ?? found);
}

export function insertion(pattern: RegExp, words: readonly string[]): Mutation {
  return (text, random) => replaceOne(text, pattern, random, (found) => `${pick(words, random)}${found}`);
}

export const SLOT = /@[A-Z]+\d?/g;

/** In any language. */
export const COMMON_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'swaps two slots': (text, random) => {
    const [one, other] = [pick(text.match(SLOT) ?? [], random), pick(text.match(SLOT) ?? [], random)];
    if (one === undefined || other === undefined) return text;
    return text.replaceAll(SLOT, (slot) => (slot === one ? other : slot === other ? one : slot));
  },
  'uses a slot twice': (text, random) => {
    const again = pick(text.match(SLOT) ?? [], random) ?? '';
    return replaceOne(text, SLOT, random, (slot) => (slot === again ? slot : again));
  },
  'gives a slot another number': (text, random) =>
    replaceOne(text, SLOT, random, (slot) => (/\d/.test(slot) ? slot.slice(0, -1) : `${slot}1`)),
  'invents a slot': (text, random) => replaceOne(text, SLOT, random, () => '@LIMIT9'),
  'drops a clause': (text, random) => replaceOne(text, /[,;:] [^,;:.]*@[^,;:.]*(?=[,;.])/g, random, () => ''),
  'drops a sentence': (text, random) => {
    const sentences = text.split(/(?<=\.) /);
    const dropped = pick(
      sentences.filter((sentence) => sentence.includes('@')),
      random,
    );
    return sentences.filter((sentence) => sentence !== dropped).join(' ');
  },
  'repeats a sentence': (text, random) => {
    const sentences = text.split(/(?<=\.) /);
    return [...sentences, pick(sentences, random)].join(' ');
  },
  'stops in the middle': (text, random) => {
    const cut = text.slice(0, Math.floor(text.length * random())).replace(/\s*\S*$/, '');
    return random() < 0.5 ? cut : `${cut}.`;
  },
  'swaps two channels': (text) => {
    if (!text.includes('@VALUE2')) return text;
    return text.replaceAll(
      /@(VALUE|NORMAL|WORST)([12])/g,
      (_, name, number) => `@${name}${3 - Number(number)}`,
    );
  },
};

/** In English. */
export const ENGLISH_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'flips a direction': replacer([
    ['above', 'below'],
    ['over its', 'under its'],
    ['over the', 'under the'],
    ['higher', 'lower'],
    ['up from', 'down from'],
    ['rose', 'fell'],
    ['climbed', 'dropped'],
    ['went up', 'went down'],
    ['increased', 'decreased'],
    ['risen', 'fallen'],
    ['gone up', 'gone down'],
    ['rise', 'fall'],
    ['climb', 'drop'],
    ['increase', 'decrease'],
    ['is high', 'is low'],
    ['elevated', 'reduced'],
    ['exceeds', 'falls short of'],
    ['has gone over', 'has gone under'],
  ]),
  'changes the severity': (text, random) =>
    replaceOne(text, /\b(?:notice|warning|critical)\b/gi, random, (found) => {
      const others = ['notice', 'warning', 'critical'].filter((word) => word !== found.toLowerCase());
      return pick(others, random) ?? found;
    }),
  'changes the event': replacer([
    ['is over', 'is still open'],
    ['has ended', 'has opened'],
    ['is closed', 'is open'],
    ['has been open', 'has been closed'],
    ['open since', 'over since'],
    ['open for', 'over for'],
    ['continues', 'ended'],
    ['ongoing', 'resolved'],
    ['still open', 'closed'],
    ['not over', 'over'],
    ['remains open', 'has cleared'],
    ['new', 'old'],
    ['has begun', 'has passed'],
    ['back to normal', 'away from normal'],
    ['normal again', 'abnormal again'],
  ]),
  'adds a cause': insertion(/[.;,](?= |$)/g, [
    ' because of cavitation',
    ' due to a worn bearing',
    ', caused by a blocked filter',
    ', probably a leak',
    ' as the valve is closed',
    ' after the bearing seized',
    ', which points to wear',
  ]),
  'adds advice': insertion(/\.(?= |$)/g, [
    '. Check the bearing',
    '. Please inspect @ASSET',
    ', so stop the pump',
    '. It should be replaced',
    '. Call the service',
    '. Act now',
  ]),
  'adds a judgement': insertion(/\.(?= |$)/g, [
    '. This is dangerous',
    ', which is harmless',
    '. Nothing is wrong',
    ', far too much',
    '. It will fail soon',
    ' and rising',
    ' and stable',
  ]),
  negates: insertion(/ (?:above|below|over|under|back|open|higher|lower|high|low|to @|from its|known)\b/g, [
    ' not',
    ' never',
    ' no longer',
    ' hardly',
  ]),
  'hedges or exaggerates': insertion(/ (?:above|below|higher|lower|high|low|back)\b/g, [
    ' just',
    ' slightly',
    ' far',
    ' almost',
    ' probably',
    ' dangerously',
    ' twice',
    ' always',
  ]),
  'adds a number': insertion(/ (?:since|for|above|below|normal|and|at|on|of)\b/g, [
    ' 7',
    ' twelve',
    ' 3.5',
    ' two',
    ' dozens',
    ' ½',
  ]),
  'writes a number for a slot': (text, random) =>
    replaceOne(
      text,
      SLOT,
      random,
      () => pick(['7.4 mm/s', 'twelve', '14:32 UTC', '6 min', 'several'], random) ?? '',
    ),
  'drops a remark': (text) =>
    text.replace(
      /[^.;,(]*(?:so far|cause|clock|does not say|names no channel|restart|not known)\b[^.;,@]*(?=[.;,])/i,
      '',
    ),
  'confuses roles': replacer([
    ['normal', 'worst'],
    ['usual', 'latest'],
    ['worst', 'best'],
    ['since', 'until'],
    ['for', 'in'],
    ['now', 'formerly'],
    ['against', 'plus'],
    ['from', 'to'],
    ['after', 'before'],
    ['both', 'neither'],
    ['looks', 'sounds'],
    ['likely', 'unlikely'],
    ['highest', 'lowest'],
    ['involved', 'excluded'],
  ]),
  'confuses sensors': replacer([
    ['left out of', 'judged by'],
    ['in the judgement again', 'left out of the judgement'],
    ['forward', 'back'],
    ['ahead', 'behind'],
    ['exactly', 'nearly'],
    ['no value', 'a value'],
    ['end of its range', 'middle of its range'],
    ['its cable', 'its bearing'],
    ['possible', 'likely'],
    ['damage', 'wear'],
    ['damaged', 'repaired'],
    ['sensor', 'machine'],
    ['withdrawn', 'confirmed'],
  ]),
  'changes the language': (text, random) =>
    replaceOne(
      text,
      /(?<=\. |^)[^.]*\./g,
      random,
      (sentence) => `Bei ${sentence.match(SLOT)?.join(' und ')} ist etwas.`,
    ),
  'adds a sentence of another report': (text, random) =>
    `${text} ${pick(['The cause is not known.', 'It is back to normal.', 'It has been open since before a restart.', 'The clock is not set.', 'The model names no channel.', 'It began before a restart.'], random)}`,
};
