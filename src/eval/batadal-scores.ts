/** The scores of the BATADAL competition, as its rules define them (Taormina et al., 2018). */

export interface BatadalScores {
  /** Mean of the two below, 0 to 1. */
  readonly score: number;
  /** Time to detection: 1 for alarms at the first row of every attack, 0 when all are missed. */
  readonly detection: number;
  /** Mean of the two rates below. */
  readonly classification: number;
  /** Share of the attack rows with an alarm. */
  readonly truePositiveRate: number;
  /** Share of the other rows without one. */
  readonly trueNegativeRate: number;
  readonly attacks: number;
  readonly found: number;
}

/** Both by row; rows are equally far apart. */
export function batadalScores(attack: readonly boolean[], predicted: readonly boolean[]): BatadalScores {
  const events = eventsOf(attack);
  const delays = events.map(({ start, end }) => {
    const first = predicted.slice(start, end).indexOf(true);
    return first < 0 ? 1 : first / (end - start);
  });
  const truePositiveRate = shareOf(predicted.filter((_, row) => attack[row]));
  const trueNegativeRate = 1 - shareOf(predicted.filter((_, row) => !attack[row]));
  const detection = 1 - delays.reduce((sum, delay) => sum + delay, 0) / events.length;
  const classification = (truePositiveRate + trueNegativeRate) / 2;
  return {
    score: (detection + classification) / 2,
    detection,
    classification,
    truePositiveRate,
    trueNegativeRate,
    attacks: events.length,
    found: delays.filter((delay) => delay < 1).length,
  };
}

interface Event {
  readonly start: number;
  /** The first row after it. */
  readonly end: number;
}

function eventsOf(attack: readonly boolean[]): Event[] {
  const starts = [...attack.keys()].filter((row) => attack[row] && !attack[row - 1]);
  return starts.map((start) => {
    const end = attack.indexOf(false, start);
    return { start, end: end < 0 ? attack.length : end };
  });
}

function shareOf(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length / flags.length;
}
