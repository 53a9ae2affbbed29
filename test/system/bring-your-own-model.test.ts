import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Folder, newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import { DEBIAN_PYTHON, needsModule, PINNED_PYTHON, runPython } from '../support/python.ts';
import { closingRecording, healthyRecording, VALVE } from '../support/simulated-recording.ts';

/** The examples of docs/models.md, each run as the page says, and what comes of it in the hands of the daemon. */
const EXAMPLES = [
  { script: 'docs/examples/pytorch.py', python: DEBIAN_PYTHON, module: 'torch' },
  { script: 'docs/examples/scikit_learn.py', python: PINNED_PYTHON, module: 'skl2onnx' },
];
const hasModules = EXAMPLES.every(({ python, module }) => needsModule(python, module));

const RECORDING_START_MS = Date.UTC(2026, 0, 1);

/** More channels than the models take, in another order, and the pressure, which they take in bar, in kPa. */
const CHANNELS = {
  current: { from: 'mcu.current', unit: 'A' },
  vibration: { from: 'mcu.vibration', unit: 'mm/s' },
  flow: { from: 'mcu.flow', unit: 'L/min' },
  pressure: { from: 'mcu.pressure_kpa', unit: 'kPa' },
};

describe.runIf(hasModules).each(EXAMPLES)(
  'the package that $script makes of a recording',
  ({ script, python }) => {
    let folder: Folder;
    let model: string;
    let config: string;

    beforeAll(async () => {
      folder = await newFolder();
      model = join(folder.path, 'my-model');
      const recording = join(folder.path, 'healthy.csv');
      writeFileSync(recording, healthyRecording(1));
      const tookMs = runPython(python, script, recording, model);
      console.log(`${script}: ${(tookMs / 1000).toFixed(1)} s`);
      config = writeConfig(folder.path, {
        site: 'plant',
        node: 'pi',
        dataDir: join(folder.path, 'data'),
        sources: { mcu: { link: { type: 'unix', path: '/nowhere' } } },
        assets: { pump: { name: 'Feed pump', channels: CHANNELS } },
      });
    }, 120_000);

    afterAll(() => folder[Symbol.asyncDispose]());

    const check = () => runFieldnote('models', 'check', model, '--asset', 'pump', '--config', config);

    /** What it makes of a recording, by the command that the page names. */
    async function tried(text: string) {
      const recording = join(folder.path, 'tried.csv');
      writeFileSync(recording, text);
      const { stdout, stderr } = await runFieldnote(
        ...['models', 'try', recording, '--model', model, '--config', config, '--json'],
      );
      expect(stderr).toBe('');
      return JSON.parse(stdout)[0];
    }

    test('passes every check for an asset that has more channels in another order and unit', async () => {
      const { exitCode, stdout, stderr } = await check();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout.match(/^\w+ +\w+/gm)).toEqual(['ok      package', 'ok      asset', 'ok      trial']);
    });

    test('gives what its framework gave: one that is off by more than 1e-4 is refused', async () => {
      const path = join(model, 'model.json');
      const text = readFileSync(path, 'utf8');
      const manifest = JSON.parse(text);
      const { score } = manifest.golden.outputs;
      score[0] += 3e-4;
      writeFileSync(path, JSON.stringify(manifest));
      const { exitCode, stderr } = await check();
      writeFileSync(path, text);
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/score is \[[\d.e-]+\] and should be \[[\d.e-]+\]/);
    });

    test('keeps still on a healthy recording that it has not seen', async () => {
      const outcome = await tried(healthyRecording(2));
      expect(outcome).toMatchObject({ incidentCount: 0, alarmShare: 0, notJudged: 0 });
      expect(outcome.windows).toBeGreaterThan(1100);
    }, 60_000);

    test('says once of a valve that the flow falls while it closes, and the pressure rises in its own unit', async () => {
      const { incidents, incidentCount } = await tried(closingRecording(3));
      expect(incidentCount).toBe(1);
      const openedS = (Date.parse(incidents[0].opened.time) - RECORDING_START_MS) / 1000;
      expect(openedS).toBeGreaterThan(VALVE.startS);
      expect(openedS).toBeLessThan(VALVE.startS + VALVE.growS);
      expect(incidents[0].text).toMatch(
        /^Feed pump: critical, .* Flow \d+ L\/min, below its normal 25\d L\/min/,
      );
      expect(incidents[0].text).toMatch(/Pressure 2\d\d(?:\.\d)? kPa, above its normal 19\d(?:\.\d)? kPa/);
    }, 60_000);
  },
);
