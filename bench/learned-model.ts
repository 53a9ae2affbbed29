import { seededRandom } from '../demo/noise.ts';
import { Learner } from '../src/learn/learner.ts';
import { writePackage } from '../src/learn/write-package.ts';
import { CHANNELS, reading } from './device.ts';

/** Rows that one window judges, as with the default configuration. */
const WINDOW_ROWS = 15;

const LEARNED_ROWS = 600;

/**
 * Learns the healthy device and writes the model package.
 * @returns its sha256, which is the name of its folder in `directory`
 */
export function writeLearnedModel(options: {
  readonly directory: string;
  readonly rateHz: number;
  readonly stepMs: number;
}): Promise<string> {
  const { directory, rateHz, stepMs } = options;
  const random = seededRandom(7);
  const channels = CHANNELS.map(({ key, unit }) => ({ name: key, unit }));
  const learner = new Learner({ channels, rateHz, windowRows: WINDOW_ROWS, rowsNeeded: LEARNED_ROWS });
  while (learner.progress < 1) learner.push(Float32Array.from(reading(random)));
  return writePackage({ directory, learned: learner.fit(), stepMs, trainedAt: '2026-11-01T00:00:00.000Z' });
}
