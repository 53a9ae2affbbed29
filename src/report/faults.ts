/** Why a text is refused. */
export type Fault =
  | 'too-long'
  | 'unfinished' // no full stop at the end
  | 'digit' // a number that is no slot, in digits or in words
  | 'cause' // a reason that no fact carries
  | 'advice'
  | 'slot-missing'
  | 'slot-unknown'
  | 'slot-twice'
  | 'severity' // the word of another severity
  | 'wording' // words that say nothing known: another language, another event, a negation, nonsense
  | 'order' // a channel is mentioned before one that matters more
  | 'place' // a phrase is about something other than its neighbours
  | 'direction'
  | 'unsaid' // something that is no slot is missing
  | 'unsupported' // something that is no fact is said
  | 'repetition';

/** Thrown and caught within the verifier. */
export class Refusal extends Error {
  readonly fault: Fault;
  constructor(fault: Fault, at: string) {
    super(at);
    this.fault = fault;
  }
}
