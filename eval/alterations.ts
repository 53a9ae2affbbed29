import { seededRandom } from '../demo/noise.ts';
import type { SkabRecording } from '../src/eval/skab.ts';

/** What may differ between two recordings of the same fault without a detector being allowed to care. */

const CUT_ROWS = 100;
/** Half a step, so that rows keep their order. */
const JITTER_MS = 450;

export interface Alteration {
  readonly name: string;
  alter(recording: SkabRecording): SkabRecording;
}

export const ALTERATIONS: readonly Alteration[] = [
  { name: 'as they are', alter: (recording) => recording },
  { name: 'channels in reverse order, renamed', alter: reorder },
  { name: 'gains of 0.001 to 1000, offsets, signs', alter: regain },
  { name: `fault ${CUT_ROWS} rows earlier`, alter: advance },
  { name: `only ${400 - CUT_ROWS} rows learned`, alter: learnLess },
  { name: `times jittered by up to ${JITTER_MS} ms`, alter: jitter },
];

function reorder(recording: SkabRecording): SkabRecording {
  return {
    ...recording,
    channels: recording.channels.map((_, index) => `sensor_${String.fromCharCode(97 + index)}`),
    rows: recording.rows.map((row) => ({ ...row, values: row.values.toReversed() })),
  };
}

/** Other units, other amplifiers, other polarity: the same for all rows of a channel. */
function regain(recording: SkabRecording): SkabRecording {
  const random = seededRandom(11);
  const changes = recording.channels.map(() => {
    const gain = (random() < 0.5 ? -1 : 1) * 10 ** (6 * random() - 3);
    return { gain, offset: gain * 100 * (random() - 0.5) };
  });
  const rows = recording.rows.map((row) => {
    const values = row.values.map((value, at) => {
      const { gain = 1, offset = 0 } = changes[at] ?? {};
      return gain * value + offset;
    });
    return { ...row, values };
  });
  return { ...recording, rows };
}

/** The first rows are cut off; as many are learned as before. */
function advance(recording: SkabRecording): SkabRecording {
  return { ...recording, rows: recording.rows.slice(CUT_ROWS) };
}

/** The first rows are cut off, and so much less is learned: the same rows are scored. */
function learnLess(recording: SkabRecording): SkabRecording {
  const { rows, learningRows } = recording;
  return { ...recording, rows: rows.slice(CUT_ROWS), learningRows: learningRows - CUT_ROWS };
}

function jitter(recording: SkabRecording): SkabRecording {
  const random = seededRandom(12);
  const rows = recording.rows.map((row) => ({
    ...row,
    timeMs: Math.round(row.timeMs + JITTER_MS * (2 * random() - 1)),
  }));
  return { ...recording, rows };
}
