import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, describe as group, test } from 'vitest';
import { dronesBenchmark } from '../../src/eval/drones-benchmark.ts';
import { flightWindows, PROPELLER_WINDOW, readFlight } from '../../src/eval/flight-windows.ts';
import { autopilotScores, motorScores, type StoppedFlight } from '../../src/eval/motor-scores.ts';
import { readMotorStops } from '../../src/eval/motor-stops.ts';
import { type CalledFlightWindow, propellerScores } from '../../src/eval/propeller-scores.ts';
import { PROPELLER_CHANNELS } from '../../src/learn/propeller/features.ts';
import { createLog } from '../../src/system/log.ts';
import type { Sample } from '../../src/values/sample.ts';
import { newFolder } from '../support/daemon.ts';
import { describe, type MadeLayout, record } from '../support/dataflash-log.ts';

const PARM: MadeLayout = { type: 20, name: 'PARM', format: 'QNf', labels: 'TimeUS,Name,Value' };
const MSG: MadeLayout = { type: 21, name: 'MSG', format: 'QZ', labels: 'TimeUS,Message' };
const ERR: MadeLayout = { type: 22, name: 'ERR', format: 'QBB', labels: 'TimeUS,Subsys,ECode' };
const RCOU: MadeLayout = { type: 23, name: 'RCOU', format: 'QHHHH', labels: 'TimeUS,C1,C2,C3,C4' };

const seconds = (time: number) => time * 1_000_000;
const parameter = (time: number, name: string, value: number) => record(PARM, [seconds(time), name, value]);
const log = (...records: Buffer[]) =>
  Buffer.concat([...[PARM, MSG, ERR, RCOU].map(describe), ...records, record(ERR, [seconds(99), 0, 0])]);

group('readMotorStops', () => {
  const start = [
    parameter(1, 'FRAME_CLASS', 1),
    parameter(1, 'FRAME_TYPE', 1),
    ...[1, 2, 3, 4].map((motor) => parameter(1, `SERVO${motor}_FUNCTION`, 32 + motor)),
  ];

  test('finds when each motor lost its output, the impact and the alarm of the autopilot', () => {
    const flown = log(
      ...start,
      record(MSG, [seconds(2), 'SIM Hit ground at 0.1 m/s']),
      parameter(20, 'SERVO3_FUNCTION', 1),
      parameter(22.1, 'SERVO1_FUNCTION', 1),
      record(ERR, [seconds(22.5), 25, 1]),
      record(MSG, [seconds(23), 'SIM Hit ground at 9 m/s']),
      record(MSG, [seconds(24), 'SIM Hit ground at 1 m/s']),
    );
    expect(readMotorStops(flown)).toEqual({
      stops: [
        { motor: 3, timeMs: 20_000 },
        { motor: 1, timeMs: 22_100 },
      ],
      impactMs: 23_000,
      autopilotMs: 22_500,
      frame: 'quad-x',
    });
  });

  test('takes a parameter that is told again, or one of another output, for no stop', () => {
    const flown = log(...start, parameter(9, 'SERVO1_FUNCTION', 33), parameter(9, 'SERVO9_FUNCTION', 1));
    expect(readMotorStops(flown).stops).toEqual([]);
  });

  test('knows no frame of what is no quadcopter', () => {
    expect(readMotorStops(log(parameter(1, 'FRAME_CLASS', 2))).frame).toBeUndefined();
  });

  test('ends with any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readMotorStops(Buffer.concat([log(...start), bytes])).stops).toEqual([]);
      }),
      { seed: 3 },
    );
  });
});

const stopped = (delayMs: number | undefined, told: Partial<StoppedFlight> = {}): StoppedFlight => ({
  file: 'a.bin',
  motors: [2],
  onsetMs: 1000,
  impactMs: 4000,
  found: delayMs === undefined ? undefined : { timeMs: 1000 + delayMs, motor: 2 },
  autopilotMs: undefined,
  ...told,
});

group('motorScores', () => {
  test('counts what was found between the stop and the impact only', () => {
    const scores = motorScores([stopped(200), stopped(400), stopped(3000), stopped(-1), stopped(undefined)]);
    expect(scores).toMatchObject({ flights: 5, found: 2, singlesNamed: 2, healthyAlarms: 1 });
    expect(scores.delayMedianS).toBeCloseTo(0.2, 9);
    expect(scores.delayP90S).toBeCloseTo(0.4, 9);
  });

  test('wants the motor that was stopped first', () => {
    const both = stopped(200, { motors: [4, 2] });
    const none = stopped(200, { found: { timeMs: 1200, motor: undefined } });
    expect(motorScores([stopped(200), both, none])).toMatchObject({
      singles: 2,
      singlesNamed: 1,
      firstNamed: 1,
    });
  });

  test('has no delay when nothing was found', () => {
    expect(motorScores([stopped(undefined)]).delayMedianS).toBeNaN();
  });

  test('scores the autopilot by its own alarm', () => {
    const flights = [stopped(100, { autopilotMs: 3500 }), stopped(100, { autopilotMs: 4500 }), stopped(100)];
    expect(autopilotScores(flights)).toMatchObject({ found: 1, singlesNamed: 0, delayMedianS: 2.5 });
  });
});

const called = (damageMm: number, score: number, gradeMm: number | undefined): CalledFlightWindow => {
  return { file: `${damageMm}.BIN`, row: 0, seconds: 5, damageMm, score, gradeMm };
};

group('propellerScores', () => {
  test('gives the figures of a case that was worked by hand', () => {
    const windows = [
      ...[called(0, 0.2, 0), called(0, 1, 0), called(0, 0.1, 20)],
      ...[called(20, 1.5, 20), called(20, Number.NaN, undefined)],
    ];
    const scores = propellerScores(windows, 20);
    expect(scores).toMatchObject({ windows: 5, f1: 1 / 2, accuracy: 3 / 5, mostFrequentShare: 3 / 5 });
    expect(scores.alwaysF1).toBeCloseTo(4 / 7, 9);
    expect(scores.flights[0]).toEqual({ file: '0.BIN', damageMm: 0, windows: 3, alarms: 1, gradeMm: 0 });
  });

  test('is 1 only when every window is right', () => {
    const window = fc.record({ damageMm: fc.constantFrom(0, 5, 20, 25), isRight: fc.boolean() });
    fc.assert(
      fc.property(fc.array(window, { minLength: 1 }), (windows) => {
        const calls = windows.map(({ damageMm, isRight }) =>
          called(damageMm, isRight === damageMm >= 20 ? 1 : 0, isRight ? damageMm : undefined),
        );
        const { f1, accuracy } = propellerScores([...calls, called(20, 1, 20)], 20);
        expect(f1 === 1).toBe(windows.every(({ isRight }) => isRight));
        expect(accuracy === 1).toBe(windows.every(({ isRight }) => isRight));
      }),
      { seed: 5 },
    );
  });
});

group('flightWindows', () => {
  const names = PROPELLER_CHANNELS.map(({ from }) => from);
  /** Ten records a second; it flies from 10 s on, for 31 s. */
  const flight: readonly Sample[] = Array.from({ length: 600 }, (_, at) => {
    const isFlying = at >= 100 && at <= 410;
    const values = names.map((name) => (name.startsWith('motor') ? (isFlying ? 1600 : 1100) : at));
    const deviceMs = 70_000 + at * 100;
    return { kind: 'sample', source: 'flight', monoMs: 0, deviceMs, names, values };
  });

  test('cuts off five seconds at each end of the flight, and what does not fill a window', () => {
    const windows = flightWindows(flight);
    expect(windows.map(({ beginMs }) => beginMs)).toEqual([85_000, 90_000, 95_000, 100_000]);
    for (const { data } of windows)
      expect(data.length).toBe(PROPELLER_WINDOW.rows * PROPELLER_CHANNELS.length);
    const voltages = windows.map(({ data }) => data[names.indexOf('battery.voltage')]);
    expect(voltages).toEqual([150, 200, 250, 300]);
  });

  test('finds none where nothing flies', () => {
    expect(flightWindows(flight.slice(0, 100))).toEqual([]);
    expect(flightWindows([])).toEqual([]);
  });

  test('reads a log in the order of its own time', async () => {
    await using folder = await newFolder();
    const path = join(folder.path, 'a.BIN');
    const outputs = [3, 1, 2].map((time) =>
      record(RCOU, [seconds(10) + time * 1000, 1500, 1500, 1500, 1500]),
    );
    await writeFile(path, log(...outputs));
    const times = (await readFlight(path)).map(({ deviceMs }) => deviceMs);
    expect(times).toEqual([10_001, 10_002, 10_003]);
    await expect(readFlight(join(folder.path, 'b.BIN'))).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
    });
  });
});

group('fieldnote eval drones', () => {
  test('says what a folder lacks', async () => {
    await using folder = await newFolder();
    const tools = { log: createLog('silent'), progress: () => {} };
    await expect(dronesBenchmark(folder.path, tools)).rejects.toThrow('holds no real and no sitl');
  });
});
