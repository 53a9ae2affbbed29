import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluateBatadal } from '../../src/eval/batadal.ts';
import { checkFolder, listFiles, readBenchmarkFile } from '../../src/eval/benchmark-files.ts';
import { readSkabRecording } from '../../src/eval/skab.ts';
import { createLog } from '../../src/system/log.ts';
import { newFolder } from '../support/daemon.ts';

const tools = { log: createLog('silent'), progress: () => {} };

describe('the files of a benchmark', () => {
  test('are those of the folder and of the folders in it, no deeper', async () => {
    await using folder = await newFolder();
    mkdirSync(join(folder.path, 'b/c'), { recursive: true });
    for (const name of ['z.csv', 'b/a.csv', 'b/c/deep.csv']) writeFileSync(join(folder.path, name), '');
    expect(await listFiles(folder.path)).toEqual(['b', 'b/a.csv', 'b/c', 'z.csv']);
  });

  test('are looked for in no more than ten thousand names, so a link to a large folder is not followed', async () => {
    await using folder = await newFolder();
    symlinkSync('/proc', join(folder.path, 'everything'));
    expect(await listFiles(folder.path)).toEqual(['everything']);
    mkdirSync(join(folder.path, 'many'));
    for (let index = 0; index < 10_000; index++) writeFileSync(join(folder.path, 'many', `${index}`), '');
    await expect(listFiles(folder.path)).rejects.toThrow('holds more than 10000 files: name the folder');
  });

  test('are named where they are missing', async () => {
    await using folder = await newFolder();
    writeFileSync(join(folder.path, 'd00.dat'), '');
    const checked = checkFolder(folder.path, { benchmark: 'tep', needed: ['d00.dat', 'd00_te.dat'] });
    await expect(checked).rejects.toThrow(
      `${folder.path} holds no d00_te.dat: \`fieldnote eval tep --help\` says which files it takes`,
    );
  });

  test('are read up to 64 MiB', async () => {
    await using folder = await newFolder();
    writeFileSync(join(folder.path, 'large.csv'), '');
    truncateSync(join(folder.path, 'large.csv'), 64 * 1024 * 1024 + 1);
    await expect(readBenchmarkFile(folder.path, 'large.csv')).rejects.toThrow(
      'large.csv: it has 67108865 bytes, 67108864 are allowed',
    );
  });

  test('are refused without times', async () => {
    await using folder = await newFolder();
    const lines = Array.from({ length: 500 }, (_, row) => `${row % 7},0,0\n`).join('');
    writeFileSync(join(folder.path, 'a.csv'), `vib,anomaly,changepoint\n${lines}`);
    const needs = 'a.csv is no file of the benchmark: it needs columns datetime, anomaly and changepoint';
    await expect(readSkabRecording(folder.path, 'a.csv')).rejects.toThrow(needs);
    for (const name of ['dataset03.csv', 'dataset04.csv'])
      writeFileSync(join(folder.path, name), `L_T1,F_PU1,ATT_FLAG\n${lines}`);
    await expect(evaluateBatadal(folder.path, tools)).rejects.toThrow(
      'dataset03.csv is no file of the benchmark: it needs columns DATETIME and ATT_FLAG',
    );
  });
});
