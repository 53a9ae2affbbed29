import { Refusal } from './faults.ts';
import type { Kind } from './phrases.ts';
import type { Said } from './read.ts';
import type { ChannelPlan, Plan } from './slots.ts';

/** What phrases are about; the others are about a channel. */
const ABOUT_INCIDENT: readonly Kind[] = [
  ...(['head', 'head_been', 'still', 'open', 'open_sentence', 'nth', 'nth_sentence'] as const),
  ...(['over', 'over_sentence', 'episodes', 'episodes_sentence', 'end', 'end_sentence'] as const),
];
const APART: readonly Kind[] = [
  ...([
    'clock',
    'clock_sentence',
    'more',
    'more_sentence',
    'label',
    'unknown',
    'score',
    'score_only',
    'peak',
  ] as const),
];
const HEADS: readonly Kind[] = ['head', 'head_been', 'still'];
const TELLS_OPEN: readonly Kind[] = ['still', 'open', 'open_sentence'];
/** The channels of a group, one by one. */
const DETAILS: readonly Kind[] = ['detail', 'detail_change', 'detail_past'];
/** Nothing else may begin a sentence about a channel. */
const CONTINUES: readonly Kind[] = [
  ...([
    'dir',
    'dir_just',
    'against',
    'against_change',
    'at_value',
    'reads',
    'change',
    'worst_now',
    'worst',
  ] as const),
  ...([
    'worst_sentence',
    'begin_sentence',
    'back_dir',
    'now',
    'now_finite',
    'now_sentence',
    ...DETAILS,
  ] as const),
];
const SAYS_JUST: readonly Kind[] = ['dir_just', 'finite_just', 'has_been_just'];
const SAYS_ALSO: readonly Kind[] = ['finite_also', 'past_also'];
const SAYS_BACK: readonly Kind[] = ['back', 'back_dir'];
/** Phrases after which "since" would speak of something other than the deviation. */
const NO_BEGIN_AFTER: readonly Kind[] = ['worst', 'worst_now', 'worst_sentence', ...SAYS_BACK];

/** Adds up what the phrases of a text say, and compares it with the plan. */
export class Account {
  readonly #plan: Plan;
  readonly #told = new Map<string, number>();
  #lastChannel = 0;
  /** Channels that the sentence is about, and the one of them whose values are being told. */
  #subject: readonly number[] = [];
  #current = 0;
  /** A beginning that was said before its channel. */
  #waiting: Said | undefined;
  #previous: Said | undefined;
  /** The quantity that a change would be about. */
  #quantity = '';

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  take(sentences: readonly (readonly Said[])[]): void {
    for (const sentence of sentences) {
      this.#subject = [];
      this.#previous = undefined;
      for (const said of sentence) this.#takePhrase(said);
      if (this.#waiting !== undefined) throw new Refusal('place', this.#waiting.text);
    }
    this.#checkIncident();
    for (const [at, channel] of this.#plan.channels.entries()) this.#checkChannel(channel, at + 1);
  }

  #takePhrase(said: Said): void {
    const isFirst = this.#previous === undefined;
    if (HEADS.includes(said.kind) && !(isFirst && this.#lastChannel === 0))
      throw new Refusal('place', said.text);
    if (ABOUT_INCIDENT.includes(said.kind)) this.#takeIncident(said);
    else if (APART.includes(said.kind)) this.#tell(said.kind);
    else this.#takeChannel(said);
    this.#previous = said;
  }

  #takeIncident(said: Said): void {
    // "It has been open" after a channel would be about the channel.
    if (this.#subject.length > 0 || this.#waiting !== undefined) throw new Refusal('place', said.text);
    if (said.kind === 'head_been') this.#tell('been');
    if (HEADS.includes(said.kind)) this.#tell('head');
    if (TELLS_OPEN.includes(said.kind)) this.#tell('open', 0);
    if (said.kind === 'end' || said.kind === 'end_sentence') this.#tell('end');
    if (said.text.includes('restart')) this.#tell('before');
    if (this.#previous?.kind === 'head_been' && said.kind !== 'open') throw new Refusal('place', said.text);
  }

  #takeChannel(said: Said): void {
    const named = said.slots.filter((slot) => slot.startsWith('NAME'));
    const isNext = (said.channels[0] ?? 0) > this.#lastChannel;
    if (said.kind === 'begin' && (this.#subject.length === 0 || isNext)) {
      this.#waiting = said;
      return;
    }
    if (named.length > 0) this.#takeNames(said);
    else if (this.#subject.length === 0 && CONTINUES.includes(said.kind))
      throw new Refusal('place', said.text);
    else this.#takeMore(said);
    this.#takeDirection(said);
    this.#takeQuantities(said);
    if (said.kind === 'worst_now') this.#tell(`worst ${this.#current}`);
  }

  /** A phrase with names begins to speak about those channels. */
  #takeNames(said: Said): void {
    for (const channel of said.channels) {
      if (channel <= this.#lastChannel) throw new Refusal('order', said.text);
      this.#lastChannel = channel;
    }
    this.#subject = said.channels;
    this.#current = said.channels.length === 1 ? (said.channels[0] ?? 0) : 0;
    this.#quantity = '';
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (!said.kind.startsWith('has_been')) throw new Refusal('place', waiting.text);
    this.#waiting = undefined;
    this.#takeBegin(waiting);
  }

  /** A phrase without a name is about the channel that the sentence speaks of. */
  #takeMore(said: Said): void {
    const [channel] = said.channels;
    if (said.kind === 'begin' || said.kind === 'begin_sentence') {
      this.#takeBegin(said);
      return;
    }
    if (DETAILS.includes(said.kind)) {
      const isNext = channel !== undefined && channel > this.#current && this.#subject.includes(channel);
      if (this.#subject.length < 2 || !isNext) throw new Refusal('place', said.text);
      this.#current = channel;
      this.#quantity = '';
      return;
    }
    if (this.#current === 0 || (channel ?? this.#current) !== this.#current)
      throw new Refusal('place', said.text);
  }

  #takeBegin(said: Said): void {
    const [channel] = said.channels;
    const { kind } = this.#previous ?? said;
    const isLead = said === this.#previous;
    if (said.kind === 'begin' && !isLead && NO_BEGIN_AFTER.includes(kind))
      throw new Refusal('place', said.text);
    if (channel !== undefined && !this.#subject.includes(channel)) throw new Refusal('place', said.text);
    // The beginning of a group is said of all of it, before any of its values.
    if (this.#subject.length > 1 && this.#current !== 0) throw new Refusal('place', said.text);
    if (channel === undefined) this.#tell(`before ${this.#subject[0]}`);
  }

  #takeDirection(said: Said): void {
    const isBack = SAYS_BACK.includes(said.kind);
    if (said.direction === undefined && !isBack) return;
    for (const channel of this.#subject) {
      const plan = this.#plan.channels[channel - 1];
      if (plan === undefined || (isBack ? 'normal' : said.direction) !== directionOf(plan))
        throw new Refusal('direction', said.text);
      if (SAYS_JUST.includes(said.kind) !== plan.isJust) throw new Refusal('direction', said.text);
      const before = this.#plan.channels[channel - 2]?.course;
      if (SAYS_ALSO.includes(said.kind) && before !== plan.course) throw new Refusal('direction', said.text);
      this.#tell(`course ${channel}`, 0);
    }
  }

  /** A change is about the value now; in an incident that is over, about the worst. */
  #takeQuantities(said: Said): void {
    const isOver = this.#plan.event === 'closed';
    for (const slot of said.slots) {
      if (slot.startsWith('VALUE') || slot.startsWith('WORST')) this.#quantity = slot.slice(0, 5);
      if (!slot.startsWith('CHANGE')) continue;
      if (this.#quantity !== (isOver ? 'WORST' : 'VALUE')) throw new Refusal('place', said.text);
    }
  }

  /** @param timesMax 0 where it may be said again */
  #tell(what: string, timesMax = 1): void {
    const times = (this.#told.get(what) ?? 0) + 1;
    if (timesMax > 0 && times > timesMax) throw new Refusal('repetition', what);
    this.#told.set(what, times);
  }

  #checkIncident(): void {
    const { event, isFromBefore, isCauseUnknown, isClockUnset, slots } = this.#plan;
    const clocks = (this.#told.get('clock') ?? 0) + (this.#told.get('clock_sentence') ?? 0);
    if (clocks > 1) throw new Refusal('repetition', 'clock');
    this.#expect('severity', true, this.#told.has('head'));
    this.#expect('open', event === 'updated', this.#told.has('open'));
    this.#expect('open before a restart', isFromBefore, this.#told.has('before'));
    this.#expect('cause unknown', isCauseUnknown, this.#told.has('unknown'));
    this.#expect('clock not set', isClockUnset, clocks > 0);
    this.#expect('no channels', slots.has('SCORE'), this.#told.has('score_only'));
  }

  #checkChannel({ isWorst, isFromBefore }: ChannelPlan, number: number): void {
    this.#expect(`direction of channel ${number}`, true, this.#told.has(`course ${number}`));
    this.#expect(`worst of channel ${number}`, isWorst, this.#told.has(`worst ${number}`));
    this.#expect(`channel ${number} before a restart`, isFromBefore, this.#told.has(`before ${number}`));
  }

  #expect(what: string, isFact: boolean, isSaid: boolean): void {
    if (isFact && !isSaid) throw new Refusal('unsaid', what);
    if (isSaid && !isFact) throw new Refusal('unsupported', what);
  }
}

function directionOf({ course }: ChannelPlan): 'above' | 'below' | 'normal' {
  if (course === 'rose') return 'above';
  return course === 'fell' ? 'below' : course;
}
