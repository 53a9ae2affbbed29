import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder } from '../support/daemon.ts';
import { DEBIAN_PYTHON, needsModule, runPython } from '../support/python.ts';
import { root } from '../support/source-tree.ts';

/** A five-hundredth of the recipe: seconds instead of half an hour. */
const STEPS = '5';
const TRAIN_MS = 300_000;

const hasModules = ['torch', 'sentencepiece', 'numpy'].every((name) => needsModule(DEBIAN_PYTHON, name));

describe.runIf(hasModules)('the recipe of the writer', () => {
  test(
    'makes a model of the size of the one that ships, and says what it is',
    async () => {
      await using folder = await newFolder();
      const tookMs = runPython(
        DEBIAN_PYTHON,
        'models/writer/train.py',
        '--out',
        folder.path,
        '--steps',
        STEPS,
      );
      console.log(`${STEPS} steps: ${(tookMs / 1000).toFixed(1)} s`);
      const file = readFileSync(join(folder.path, 'fieldnote-writer.gguf'));
      const made = JSON.parse(readFileSync(join(folder.path, 'model.json'), 'utf8'));
      const shipped = JSON.parse(readFileSync(join(root, 'models/writer/model.json'), 'utf8'));
      expect(made.sha256).toBe(createHash('sha256').update(file).digest('hex'));
      expect(made.parameters).toBe(shipped.parameters);
      expect(file.length).toBe(statSync(join(root, 'models/writer/fieldnote-writer.gguf')).size);
    },
    TRAIN_MS,
  );
});
