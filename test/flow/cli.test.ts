import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reportSchema } from '../../src/values/report.ts';
import { newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import { machineConfig } from '../support/machine.ts';

const good = machineConfig({ dataDir: '/var/lib/fieldnote', socketPath: '/run/pump.sock', brokerPort: 1883 });

/** A pump that hums for 300 s, shakes for 60, and hums again; one row a second. */
function recording(): string {
  const lines = Array.from({ length: 480 }, (_, second) => {
    const time = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
    const vib = (second >= 300 && second < 360 ? 9 : 2) + Math.sin(second * 2.4) / 5;
    return `${time},${vib.toFixed(3)},${(5 + Math.cos(second * 1.7) / 10).toFixed(3)},12.${second % 7}`;
  });
  return ['time,vib,bar,amps', ...lines, ''].join('\n');
}

/** The same machine with the usual durations. */
const replayed = {
  ...good,
  assets: { pump: { ...good.assets.pump, window: {}, learn: { for: '200s' }, incident: {} } },
};

describe.concurrent('fieldnote', () => {
  test('--help names every command, and --version the version', async () => {
    const { exitCode, stdout } = await runFieldnote('--help');
    expect(exitCode).toBe(0);
    for (const command of ['init', 'check', 'run', 'replay', 'learn', 'models', 'eval'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await runFieldnote('--version')).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.for([
    { line: [], says: /Usage: fieldnote/ },
    { line: ['fly'], says: /unknown command 'fly'/ },
    { line: ['check'], says: /missing required argument 'file'/ },
    { line: ['run', '--confg', 'x'], says: /unknown option '--confg'.*--config/s },
  ])('ends with 2 on the bad command line $line', async ({ line, says }) => {
    const { exitCode, stdout, stderr } = await runFieldnote(...line);
    expect(stderr).toMatch(says);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('init writes a configuration that check finds good, and overwrites nothing', async () => {
    await using folder = await newFolder();
    const path = join(folder.path, 'fieldnote.yaml');
    expect(await runFieldnote('init', path)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`Wrote ${path}`),
    });
    expect(await runFieldnote('check', path)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`${path} is good`),
    });
    writeFileSync(path, 'mine');
    const { exitCode, stderr } = await runFieldnote('init', path);
    expect(stderr).toBe(
      `fieldnote: cannot write ${path}: it exists already; name another file or remove it\n`,
    );
    expect(exitCode).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  test('check says what a good configuration would do', async () => {
    await using folder = await newFolder();
    const { exitCode, stdout } = await runFieldnote('check', writeConfig(folder.path, good));
    expect(exitCode).toBe(0);
    expect(stdout).toContain('source mcu: text from unix /run/pump.sock');
    expect(stdout).toContain('asset pump: 3 channels, learns for 1 s, judges 0.1 s every 0.02 s');
    expect(stdout).toContain('broker: mqtt://127.0.0.1:1883');
  });

  test.for(['check', 'run'] as const)(
    '%s names every fault of a configuration, and ends with 78',
    async (command) => {
      await using folder = await newFolder();
      const path = writeConfig(
        folder.path,
        'site: Plant 1\nnode: n1\nsources: {}\nassets: {}\nmqtt: { url: example }\nstroe: 1\n',
      );
      const { exitCode, stdout, stderr } = await runFieldnote(
        ...(command === 'run' ? ['run', '--config', path] : ['check', path]),
      );
      expect(stderr).toMatch(/^fieldnote: \d faults in the configuration:$/m);
      for (const fault of [
        `${path}:1: site = "Plant 1": must be`,
        `${path}:5: mqtt.url = "example": must be`,
        `${path}:6: stroe: is not a known key`,
      ])
        expect(stderr).toContain(fault);
      expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: '' });
    },
  );

  test('ends with 78 when there is no configuration, and says where it looked', async () => {
    const { exitCode, stderr } = await runFieldnote('run', '--config', '/nowhere/fieldnote.yaml');
    expect(stderr).toMatch(
      /^fieldnote: cannot read the configuration \/nowhere\/fieldnote\.yaml: ENOENT.*fieldnote init/,
    );
    expect(exitCode).toBe(78);
  });

  test('replay shows what would have been reported, in words or as JSON', async () => {
    await using folder = await newFolder();
    const config = writeConfig(folder.path, replayed);
    const path = join(folder.path, 'pump.csv');
    writeFileSync(path, recording());
    const words = await runFieldnote('replay', path, '--config', config);
    expect(words).toMatchObject({ exitCode: 0 });
    expect(words.stdout).toMatch(
      /^2026-01-01T00:05:\d\d\.\d{3}Z {2}opened {2}Feed pump 7: .*Drive-end vibration/im,
    );
    expect(words.stdout).toMatch(/^2026-01-01T00:06:\d\d\.\d{3}Z {2}closed {2}Feed pump 7: .* over after/m);
    expect(words.stderr).toMatch(/479 s replayed, 480 samples, 0 lines of noise, \d+ verdicts/);
    const json = await runFieldnote('replay', path, '--config', config, '--json');
    const reports = json.stdout
      .trim()
      .split('\n')
      .map((line) => reportSchema.parse(JSON.parse(line)));
    expect(reports.map(({ event }) => event)).toEqual(expect.arrayContaining(['opened', 'closed']));
    expect(reports.map(({ revision }) => revision)).toEqual(reports.map((_, index) => index + 1));
  });

  test.for([
    {
      what: 'a recording that is not there',
      line: ['/nowhere.csv'],
      exitCode: 1,
      says: /^fieldnote: .*\/nowhere\.csv/m,
    },
    {
      what: 'a source that is not there',
      line: ['/dev/null', '--source', 'plc'],
      exitCode: 2,
      says: /there is no source plc: --source mcu/,
    },
    {
      what: 'a speed that is none',
      line: ['/dev/null', '--speed', 'fast'],
      exitCode: 2,
      says: /--speed fast: must be a number over 0, or max/,
    },
  ])('replay refuses $what', async ({ line, exitCode, says }) => {
    await using folder = await newFolder();
    const result = await runFieldnote('replay', ...line, '--config', writeConfig(folder.path, replayed));
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(exitCode);
  });

  test('eval refuses a recording that is none of the benchmark', async () => {
    await using folder = await newFolder();
    writeFileSync(join(folder.path, 'pump.csv'), recording());
    const { exitCode, stderr } = await runFieldnote('eval', 'skab', folder.path);
    expect(stderr).toMatch(
      /pump\.csv is no file of the benchmark: it needs columns datetime, anomaly and changepoint/,
    );
    expect(exitCode).toBe(1);
  });
});
