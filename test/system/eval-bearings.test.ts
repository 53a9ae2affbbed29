import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder, runFieldnote } from '../support/daemon.ts';
import { needsShared, sharedPath } from '../support/needs.ts';

const CARD = join(import.meta.dirname, '../../models/bearing/model.json');

describe.runIf(needsShared('bearings'))('fieldnote eval bearings', () => {
  test('prints the figures that the card claims, and rows that bear them out', {
    timeout: 60_000,
  }, async () => {
    await using folder = await newFolder();
    const out = join(folder.path, 'rows.csv');
    const recordings = sharedPath('bearings');
    const { exitCode, stdout } = await runFieldnote('eval', 'bearings', recordings, '--json', '--out', out);
    expect(exitCode).toBe(0);
    const { scores } = JSON.parse(stdout);
    const { figures } = JSON.parse(readFileSync(CARD, 'utf8')).provenance;
    expect(scores.macroF1).toBeCloseTo(figures.recordedMacroF1, 2);
    expect(scores.accuracy).toBeCloseTo(figures.recordedAccuracy, 2);
    expect(scores.healthyCalledFaulty).toBe(figures.recordedHealthyCalledFaulty);

    const truths = new Map<string, string>(
      JSON.parse(readFileSync(join(recordings, 'index.json'), 'utf8')).map(
        ({ file, fault }: { file: string; fault: string | null }) => [
          file,
          fault?.replace('_', ' ') ?? 'healthy',
        ],
      ),
    );
    const rows = readFileSync(out, 'utf8').trim().split('\n').slice(1);
    const right = rows.filter((row) => {
      const [file = '', , , , , label] = row.split(',');
      return truths.get(file) === label;
    });
    expect(right.length / rows.length).toBeCloseTo(scores.accuracy, 9);
  });
});
