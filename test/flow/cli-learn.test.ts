import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { healthyRows, MADE_ASSET, setUpCliPlant } from '../support/cli-plant.ts';

const asking = { pump: { ...MADE_ASSET, learn: { ...MADE_ASSET.learn, approve: true } } };

describe.concurrent('fieldnote learn', { timeout: 120_000 }, () => {
  test('--from makes the model of a recording the one that judges, and says what is normal', async () => {
    await using plant = await setUpCliPlant();
    const { exitCode, stdout, stderr } = await plant.fieldnote(
      'learn',
      '--from',
      plant.record(healthyRows(200)),
    );
    expect(stderr).toBe('reading recording.csv, 100 %\n');
    expect(stdout).toMatch(
      /^learned the normal of pump from 200 s of recording\.csv\npump is judged by [0-9a-f]{12}/,
    );
    expect(exitCode).toBe(0);
    const { assets } = await plant.json('models', 'list');
    expect(assets.pump).toMatchObject([
      {
        use: 'active',
        manifest: {
          name: 'normal',
          provenance: {
            data: '200 rows of this asset at 1 Hz, from the recording recording.csv',
            figures: { rows: 200, 'baseline.flow': expect.closeTo(1.5, 1) },
          },
        },
      },
    ]);
    const status = await plant.fieldnote('learn', 'status');
    expect(status.stdout).toMatch(/^pump \(Feed pump 7\): watching by [0-9a-f]{12}, chosen 20\d\d-.* UTC\n/);
    expect(status.stdout).toMatch(/^ {2}flow +1\.50 ± 0\.0\d+ L\/min\n {2}pressure +1\.50 ± 0\.0\d+ bar$/m);
  });

  test('what --from learned finds the fault of another recording', async () => {
    await using plant = await setUpCliPlant();
    await plant.fieldnote('learn', '--from', plant.record(healthyRows(400)));
    const [{ sha256 }] = (await plant.json('models', 'list')).assets.pump;
    const fault = healthyRows(60).map(([flow, pressure]): [number, number] => [flow, pressure + 2]);
    const monday = plant.record([...healthyRows(200), ...fault], 'monday.csv');
    const [outcome] = await plant.json('models', 'try', monday, '--model', sha256);
    expect(outcome).toMatchObject({
      incidentCount: 1,
      incidents: [{ text: expect.stringContaining('ressure') }],
    });
    const healthy = plant.record(healthyRows(300), 'tuesday.csv');
    expect(await plant.json('models', 'try', healthy, '--model', sha256)).toMatchObject([
      { incidentCount: 0 },
    ]);
  });

  test('--from leaves a channel out while its sensor is at fault, and says so', async () => {
    await using plant = await setUpCliPlant();
    const stuck = healthyRows(300).map(([flow]): [number, number] => [flow, 1.6]);
    const recording = plant.record([...healthyRows(400), ...stuck, ...healthyRows(200)]);
    const { exitCode, stdout } = await plant.fieldnote('learn', '--from', recording);
    expect(stdout).toMatch(/^pressure was left out while its sensor was at fault \(stuck\)$/m);
    expect(exitCode).toBe(0);
    const [{ normal }] = await plant.json('learn', 'status');
    expect(normal[1]).toMatchObject({ channel: 'pressure', baseline: expect.closeTo(1.5, 1) });
  });

  test('--from only proposes where a yes is asked for, and --approve gives it', async () => {
    await using plant = await setUpCliPlant(asking);
    const { stdout } = await plant.fieldnote('learn', '--from', plant.record(healthyRows(150)));
    expect(stdout).toMatch(/[0-9a-f]{12} waits for a yes: fieldnote learn --approve pump/);
    expect(readdirSync(plant.models)).not.toContain('active');
    const [waiting] = await plant.json('learn', 'status');
    expect(waiting).toMatchObject({
      asset: 'pump',
      state: 'waiting for a yes',
      normal: [{ channel: 'flow' }, {}],
    });
    const approved = await plant.fieldnote('learn', '--approve');
    expect(approved).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('pump is judged by') });
    expect(readFileSync(join(plant.models, 'active'), 'utf8').trim()).toBe(waiting.proposed);
    expect(await plant.fieldnote('learn', '--approve', 'pump')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no model waits for approval for pump'),
    });
  });

  test('status tells of a proposal beside the model that judges', async () => {
    await using plant = await setUpCliPlant(asking);
    await plant.fieldnote('learn', '--from', plant.record(healthyRows(150)));
    await plant.fieldnote('learn', '--approve');
    await plant.fieldnote('learn', '--from', plant.record(healthyRows(250)));
    const { stdout } = await plant.fieldnote('learn', 'status', 'pump');
    expect(stdout).toMatch(
      /^pump .*: watching by [0-9a-f]{12}.*\n {2}[0-9a-f]{12} waits for a yes: fieldnote learn/,
    );
  });

  test('again forgets the model, and rollback undoes that', async () => {
    await using plant = await setUpCliPlant();
    await plant.fieldnote('learn', '--from', plant.record(healthyRows(150)));
    const active = readFileSync(join(plant.models, 'active'), 'utf8');
    const { exitCode, stdout } = await plant.fieldnote('learn', 'again');
    expect(stdout).toContain('pump is learned anew, for 100 s of healthy running');
    expect(exitCode).toBe(0);
    expect(await plant.json('learn', 'status')).toMatchObject([{ state: 'not begun' }]);
    await plant.fieldnote('models', 'rollback', 'pump');
    expect(readFileSync(join(plant.models, 'active'), 'utf8')).toBe(active);
  });

  test('status tells how far the daemon was, and why it rejected a period', async () => {
    await using plant = await setUpCliPlant();
    mkdirSync(plant.models, { recursive: true });
    const rejected = { reason: 'channel "flow" gave no value at all', wallMs: Date.UTC(2026, 10, 1, 12) };
    const note = { learned: 0.42, wallMs: Date.UTC(2026, 10, 1, 12, 30), rejected };
    writeFileSync(join(plant.models, 'learning.json'), JSON.stringify(note));
    const { stdout } = await plant.fieldnote('learn', 'status');
    expect(stdout).toBe(
      'pump (Feed pump 7): learning, 42 % of 100 s at 2026-11-01 12:30:00 UTC\n' +
        '  rejected 2026-11-01 12:00:00 UTC: channel "flow" gave no value at all\n',
    );
  });

  test.for([
    ['shorter than learn.for', healthyRows(60), {}, /shows pump for 60 s, learn\.for asks for 100 s/],
    [
      'of other channels',
      healthyRows(150),
      { flow: { from: 'mcu.volume', unit: 'L/min' }, heat: { from: 'mcu.t', unit: '°C' } },
      /holds no channel of pump: it has mcu\.flow, mcu\.bar, wanted are mcu\.volume, mcu\.t/,
    ],
    [
      'without one of the channels',
      healthyRows(150),
      { flow: MADE_ASSET.channels.flow, heat: { from: 'mcu.t', unit: '°C' } },
      /channel "heat" gave no value at all/,
    ],
  ] as const)(
    '--from rejects a recording %s, says why, and changes nothing',
    async ([, rows, channels, says]) => {
      const isOther = Object.keys(channels).length > 0;
      await using plant = await setUpCliPlant({ pump: { ...MADE_ASSET, ...(isOther && { channels }) } });
      const { exitCode, stdout, stderr } = await plant.fieldnote('learn', '--from', plant.record(rows));
      expect(stderr).toMatch(/nothing was learned of pump, and nothing has changed/);
      expect(stderr).toMatch(says);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(() => readdirSync(plant.dataDir)).toThrow(/ENOENT/);
    },
  );

  test.for([
    { line: [], exitCode: 2, says: 'say --from RECORDING or --approve' },
    { line: ['--from', 'x', '--approve'], exitCode: 2, says: "cannot be used with option '--from" },
    { line: ['--from', '/nowhere.csv'], exitCode: 1, says: '/nowhere.csv' },
    { line: ['--from', '/dev/null', '--source', 'plc'], exitCode: 2, says: 'there is no source plc' },
    { line: ['status', 'mill'], exitCode: 2, says: 'there is no asset mill' },
    { line: ['--approve', '--config', '/nowhere.yaml'], exitCode: 78, says: '/nowhere.yaml' },
    { line: ['fly'], exitCode: 2, says: 'too many arguments' },
  ])('ends with $exitCode on $line', async ({ line, exitCode, says }) => {
    await using plant = await setUpCliPlant();
    const ended = await plant.fieldnote('learn', ...line);
    expect(ended.stderr).toContain(says);
    expect(ended).toMatchObject({ exitCode, stdout: '' });
  });

  test.skipIf(process.getuid?.() !== 0)('what root makes belongs to the owner of the data', async () => {
    await using plant = await setUpCliPlant();
    const owner = 12_345;
    mkdirSync(plant.dataDir);
    chownSync(plant.dataDir, owner, owner);
    chmodSync(plant.folder, 0o755);
    await plant.fieldnote('learn', '--from', plant.record(healthyRows(150)));
    await plant.fieldnote('learn', 'again');
    const names = readdirSync(plant.dataDir, { recursive: true, encoding: 'utf8' });
    expect(names).toContain('models/pump/again');
    const foreign = names.filter((name) => statSync(join(plant.dataDir, name)).uid !== owner);
    expect(foreign).toEqual([]);
  });
});
