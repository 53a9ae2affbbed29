import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { AlarmShare } from '../../src/models/alarm-share.ts';
import {
  endTrial,
  loading,
  newTrial,
  outcomeOf,
  readTrial,
  type Trial,
  trialLength,
  writeTrial,
} from '../../src/models/trial.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-trial-'));
afterAll(() => rmSync(root, { recursive: true }));

const SHA256 = 'a'.repeat(64);
const WANTED = 100;
const trial = (changes: Partial<Trial> = {}): Trial => ({ ...newTrial(SHA256), ...changes });

describe('a trial', () => {
  test('lasts an hour of verdicts, and at least twenty of them', () => {
    expect(trialLength(1000)).toEqual({ verdicts: 3600, settling: 60 });
    expect(trialLength(3_600_000)).toEqual({ verdicts: 20, settling: 1 });
  });

  test.each([
    ['runs', trial({ verdicts: 99, alarms: 50 }), 'running'],
    ['is passed by a model that alarms on half of it', trial({ verdicts: 100, alarms: 50 }), 'passed'],
    ['is failed by one that alarms on more', trial({ verdicts: 51, alarms: 51 }), 'failed'],
    [
      'is not failed by alarms that the model before gave too',
      trial({ verdicts: 99, alarms: 99, alarmShareBefore: 0.6 }),
      'running',
    ],
    [
      'is failed where the model before gave alarms now and then',
      trial({ verdicts: 51, alarms: 51, alarmShareBefore: 0.5 }),
      'failed',
    ],
    ['bears two deaths', trial({ verdicts: 99, deaths: 2 }), 'running'],
    ['is failed by three deaths', trial({ deaths: 3 }), 'failed'],
  ])('%s', (_, state, kind) => {
    expect(outcomeOf(state, WANTED).kind).toBe(kind);
  });

  test('says why it was failed', () => {
    expect(outcomeOf(trial({ deaths: 3 }), WANTED)).toHaveProperty('why', 'its process ended 3 times');
    expect(outcomeOf(trial({ verdicts: 60, alarms: 51, alarmShareBefore: 0.02 }), WANTED)).toHaveProperty(
      'why',
      'it found 51 of its first 60 windows abnormal, the model before it 2 %',
    );
  });

  test('always ends, with any course of verdicts', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.boolean()),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (course, before) => {
          let state = trial({ alarmShareBefore: before });
          for (const isAlarm of course) {
            const { kind } = outcomeOf(state, WANTED);
            if (kind !== 'running') return;
            expect(state.verdicts).toBeLessThan(WANTED);
            state = { ...state, verdicts: state.verdicts + 1, alarms: state.alarms + Number(isAlarm) };
          }
        },
      ),
    );
  });

  test('takes a start that finds it unsettled for a death', () => {
    let state = loading(trial(), 0.25);
    expect(state).toMatchObject({ deaths: 0, isUnsettled: true, alarmShareBefore: 0.25 });
    state = loading(state, 0.9);
    expect(state).toMatchObject({ deaths: 1, isUnsettled: true, alarmShareBefore: 0.25 });
    state = loading({ ...state, isUnsettled: false }, 0.9);
    expect(state.deaths).toBe(1);
  });
});

describe('the file of a trial', () => {
  const folder = () => mkdtempSync(join(root, 'models-'));

  test('gives back what was written, until the trial is over', async () => {
    const path = folder();
    const state = trial({ deaths: 1, verdicts: 7, alarms: 2, isUnsettled: true, alarmShareBefore: 0.5 });
    await writeTrial(path, state);
    expect(await readTrial(path, SHA256)).toEqual(state);
    await endTrial(path, SHA256);
    expect(await readTrial(path, SHA256)).toBeUndefined();
  });

  test('is of no trial for another model, and that one has its own', async () => {
    const path = folder();
    await writeTrial(path, trial());
    const other = newTrial('b'.repeat(64));
    expect(await readTrial(path, other.sha256)).toBeUndefined();
    await writeTrial(path, other);
    await writeTrial(path, trial({ verdicts: 7 }));
    await endTrial(path, SHA256);
    expect(await readTrial(path, other.sha256)).toEqual(other);
  });

  test.each(['', '{', 'null', '[]', '{"sha256": 1}', JSON.stringify({ ...trial(), deaths: -1 })])(
    'that was damaged is of no trial: %j',
    async (text) => {
      const path = folder();
      writeFileSync(join(path, `${SHA256}.trial.json`), text);
      expect(await readTrial(path, SHA256)).toBeUndefined();
    },
  );

  test('says so when the disk refuses', async () => {
    await expect(writeTrial(join(root, 'absent'), trial())).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
    });
  });
});

describe('the share of alarms', () => {
  test('is unknown before the first verdict', () => {
    expect(new AlarmShare(60).value).toBeUndefined();
  });

  test('forgets what is older than it looks back', () => {
    const share = new AlarmShare(120);
    for (let i = 0; i < 1000; i++) share.add(true);
    expect(share.value).toBe(1);
    for (let i = 0; i < 120; i++) share.add(false);
    expect(share.value).toBe(0);
  });

  test('is that of the latest verdicts, to a sixtieth of them', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 120, maxLength: 400 }), (verdicts) => {
        const share = new AlarmShare(120);
        for (const isAlarm of verdicts) share.add(isAlarm);
        // The block that is being filled has one or two of them.
        const counted = 120 - (verdicts.length % 2);
        const latest = verdicts.slice(-counted);
        expect(share.value).toBeCloseTo(latest.filter(Boolean).length / counted, 9);
      }),
    );
  });
});
