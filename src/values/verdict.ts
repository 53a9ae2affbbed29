/** What the judge says about one window: a score, or the reason why there is none. */
export type Verdict = Judged | NotJudged;

export interface Judged {
  readonly kind: 'judged';
  readonly asset: string;
  /** End of the judged window, monotonic milliseconds. */
  readonly endMs: number;
  /** sha256 of the model package that judged. */
  readonly model: string;
  /** ≥ 0; 1 is the alarm limit. */
  readonly score: number;
  /** One entry per channel of the model, in its order. */
  readonly deviations: readonly ChannelDeviation[];
  /** Named faults with probabilities, best first; empty for models without labels. */
  readonly labels: readonly Label[];
}

/** How far one channel is from its learned normal. */
export interface ChannelDeviation {
  readonly channel: string;
  /** Mean over the window, in the channel's unit. */
  readonly value: number;
  /** Learned normal mean, same unit. */
  readonly baseline: number;
  /** Learned standard deviation of the window mean, same unit, > 0. */
  readonly spread: number;
  /** This channel's share of the score, 0 to 1; the shares of a verdict sum to 1. */
  readonly share: number;
}

export interface Label {
  readonly name: string;
  readonly probability: number;
}

export interface NotJudged {
  readonly kind: 'not-judged';
  readonly asset: string;
  readonly endMs: number;
  readonly reason: NotJudgedReason;
}

export type NotJudgedReason =
  | 'learning' // no model yet: the asset is still learning its normal
  | 'gap' // too little of the window holds values
  | 'out-of-range' // a constant of the asset, such as its speed, is unknown or outside of what the model knows
  | 'shed' // the judge was busy; the oldest waiting window was dropped
  | 'deadline' // the model did not answer in time; its process was ended
  | 'judge-down' // the judge process is dead or waits for its restart
  | 'unsure' // the model finds its own best label too improbable to say it
  | 'bad-output'; // the model returned NaN, a negative score or the wrong shape
