import { Refusal } from './faults.ts';
import {
  ABOUT_INCIDENT,
  APART,
  CONTINUES,
  DETAILS,
  ENDS,
  FAULTS,
  HEADS,
  NO_BEGIN_AFTER,
  OF_SOURCES,
  OPENS,
  SAYS_ALSO,
  SAYS_BACK,
  SAYS_JUST,
} from './kinds.ts';
import type { Said } from './read.ts';
import type { SensorPlan } from './sensor-plan.ts';
import type { ChannelPlan, Plan } from './slots.ts';

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
    if (this.#plan.channels.length === 0) this.#checkSensor();
    for (const [at, channel] of this.#plan.channels.entries()) this.#checkChannel(channel, at + 1);
  }

  #takePhrase(said: Said): void {
    const isFirst = this.#previous === undefined;
    if (HEADS.includes(said.kind) && !(isFirst && this.#lastChannel === 0))
      throw new Refusal('place', said.text);
    if (ABOUT_INCIDENT.includes(said.kind)) this.#takeIncident(said);
    else if (APART.includes(said.kind)) this.#takeApart(said);
    else this.#takeChannel(said);
    this.#previous = said;
  }

  #takeIncident(said: Said): void {
    // "It has been open" after a channel would be about the channel.
    if (this.#subject.length > 0 || this.#waiting !== undefined) throw new Refusal('place', said.text);
    if (said.kind === 'head_been') this.#tell('been');
    if (HEADS.includes(said.kind)) this.#tell('head');
    if (said.kind === 'still' || OPENS.includes(said.kind)) this.#tell('open', 0);
    if (ENDS.includes(said.kind)) this.#tell('end');
    if (said.kind.startsWith('withdrawn')) this.#tell(said.kind);
    // Without a time or a duration it says that it began before a restart.
    if (OPENS.includes(said.kind) && said.slots.length === 0) this.#tell('before');
    if (this.#previous?.kind === 'head_been' && said.kind !== 'open') throw new Refusal('place', said.text);
  }

  #takeApart({ kind }: Said): void {
    this.#tell(kind);
    if (kind.startsWith('check')) this.#tell('check');
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
    if (this.#plan.sensor === undefined) this.#takeDirection(said);
    else this.#takeSensor(said, this.#plan.sensor);
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
    if (!said.kind.startsWith('has_been') && said.kind !== 'lies_lead')
      throw new Refusal('place', waiting.text);
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
    if (said.kind === 'dir_all') {
      if (this.#subject.length < 2 || this.#current !== 0) throw new Refusal('place', said.text);
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

  #takeSensor({ kind, direction, text }: Said, { fault, isSource, direction: way }: SensorPlan): void {
    if (direction !== undefined && direction !== way) throw new Refusal('direction', text);
    if (kind === 'impossible') this.#tell(kind);
    if ((kind === 'begin' || kind === 'jump_time') && (fault === 'jump') !== (kind === 'jump_time'))
      throw new Refusal('place', text);
    const said = FAULTS[kind];
    if (said === undefined) return;
    const isOfSource = isSource && (fault === 'stuck' || fault === 'silent');
    if (said !== fault || OF_SOURCES.includes(kind) !== isOfSource) throw new Refusal('unsupported', text);
    this.#tell('fault');
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
    const { kind, event, isFromBefore, isCauseUnknown, isWithdrawn, isClockUnset, slots } = this.#plan;
    const clocks = (this.#told.get('clock') ?? 0) + (this.#told.get('clock_sentence') ?? 0);
    if (clocks > 1) throw new Refusal('repetition', 'clock');
    this.#expect('severity', true, this.#told.has('head'));
    this.#expect('open', event === 'updated', this.#told.has('open'));
    this.#expect('open before a restart', isFromBefore, this.#told.has('before'));
    this.#expect('withdrawn', isWithdrawn, this.#told.has('withdrawn'));
    this.#expect('why it is withdrawn', isWithdrawn, this.#told.has('withdrawn_for'));
    this.#expect('back to normal', event === 'closed' && !isWithdrawn, this.#told.has('end'));
    this.#expect('cause unknown', isCauseUnknown && kind === 'machine', this.#told.has('unknown'));
    this.#expect('part unknown', isCauseUnknown && kind === 'bearing', this.#told.has('bearing_unknown'));
    this.#expect('bearing', kind === 'bearing' && !isCauseUnknown, this.#told.has('bearing'));
    this.#expect('clock not set', isClockUnset, clocks > 0);
    this.#expect('no channels', kind === 'machine' && slots.has('SCORE'), this.#told.has('score_only'));
  }

  #checkSensor(): void {
    const { sensor, slots } = this.#plan;
    const isSaid = (kind: string) => this.#told.has(kind);
    const isImpossible = sensor?.fault === 'range' && !slots.has('BOUND');
    this.#expect('fault of a sensor', sensor !== undefined, isSaid('fault'));
    this.#expect('not possible', isImpossible, isSaid('impossible'));
    this.#expect('a sensor left out', sensor !== undefined && !sensor.isSource, isSaid('out'));
    this.#expect('a source left out', sensor?.isSource === true, isSaid('out_all'));
    this.#expect('something to check', sensor?.check !== undefined, isSaid('check'));
    if (sensor?.check !== undefined) this.#expect(sensor.check, true, isSaid(sensor.check));
    this.#expect('channel 1 before a restart', sensor?.isFromBefore === true, isSaid('before 1'));
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
