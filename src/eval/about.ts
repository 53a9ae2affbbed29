/** What each benchmark is, where its files come from and under which licence: the help of `fieldnote eval`. */
export interface About {
  readonly summary: string;
  readonly text: string;
}

export const BENCHMARKS = {
  skab: {
    summary: 'a pump test bed with valves, leaks and an unbalanced rotor (SKAB)',
    text: `SKAB, the Skoltech Anomaly Benchmark: a pump test bed, eight channels at 1 Hz, one fault in each labelled file.
Of each file the first 400 rows are learned, with the default settings, and the rest is judged. Prints F1, false alarm
rate and missed alarm rate pooled over all files, and the NAB scores of the changepoints.

DIR        *.csv with the columns datetime, anomaly and changepoint, also in folders below; anomaly-free.csv is left out
from       https://github.com/waico/SKAB (data/)
licence    GPL-3.0`,
  },
  batadal: {
    summary: 'a water network under attack (BATADAL)',
    text: `BATADAL, the Battle of the Attack Detection Algorithms: a simulated water network, 43 channels, a row an hour. A year
without attacks is learned, the half year with attacks is judged. Prints the score S of the competition and its parts.

DIR        dataset03.csv (learned) and dataset04.csv (judged), with ATT_FLAG 1 in the rows of an attack
from       https://www.batadal.net (BATADAL_dataset03.csv and BATADAL_dataset04.csv; the latter as published names only
           some of the attacks)
licence    none stated`,
  },
  tep: {
    summary: 'a chemical plant with 21 faults (Tennessee Eastman)',
    text: `The Tennessee Eastman process: a simulated chemical plant, 52 channels, a row every three minutes, a fault from row 160
on. The normal training run is learned, each test run is judged. Prints the delay and the detection rate of each fault,
and the false alarm rate in the second half of the normal test run.

DIR        d00.dat (learned), d00_te.dat (normal), d01_te.dat, d02_te.dat, … as many faults as there are
from       https://github.com/camaramm/tennessee-eastman-profBraatz
licence    permissive (University of Illinois, in its LICENSE)`,
  },
  bearings: {
    summary: 'vibration of damaged ball bearings (CWRU)',
    text: `Drive-end acceleration of a test rig whose bearings were damaged on purpose, judged by the classifier that ships
(models/bearing), which was trained on none of it. Prints the macro-F1 over windows, and what each recording was called.

DIR        index.json and the recordings that it names: raw float32, little-endian, in g. Each entry has file, rate_hz,
           rpm, fault (ball, inner_race, outer_race or null) and fault_inches (or null)
from       https://engineering.case.edu/bearingdatacenter (MATLAB files: to be converted)
licence    none stated`,
  },
  drones: {
    summary: 'damaged propellers and motors that fail (ArduPilot flights)',
    text: `Simulated flights in which motors are stopped, heard by the motor failure detector of the daemon without any output of a
motor: that of a stopped one jumps to a constant, which is no physics. And real flights of one quadcopter with propellers
that were cut: a classifier is trained by the recipe of models/propeller on flights of one manoeuvre and asked about those
of the other one; no flight is on both sides.

DIR        sitl/*.bin, DataFlash logs of ArduPilot's simulator, and
           real/<hover or line>-<good or 5mm, 10mm, …>-<number>.BIN, DataFlash logs of real flights
licence    none stated`,
  },
} as const satisfies Record<string, About>;

export type BenchmarkName = keyof typeof BENCHMARKS;

export const LABELS_HELP = `RECORDING  what \`fieldnote replay\` takes; its lines must carry their time
LABELS     CSV with the header start,end or start,end,label: one stretch of abnormal running in each line, both ends
           included. Times are written as in the recording: dates, Unix seconds or milliseconds, or the milliseconds
           that a device counts. With the header start_row,end_row (and label) they are numbers of rows instead, the
           first row of the recording being 0 and its header none.

What is learned is not scored. Prints which stretches were found and how late, which incidents were false, and F1, false
alarm rate and missed alarm rate per row beside what always and never alarming would score.`;

export const ROWS_HELP = `--out writes one line per scored row: file, row (from 0), time (ISO 8601 in UTC, or seconds since the beginning of a file
without times), score (1 is the alarm limit, empty where nothing was judged) and alarm (0 or 1); for bearings a row is a
window, and label is what it was called; for drones as well, and each simulated flight is one row with the time of its alarm.`;
