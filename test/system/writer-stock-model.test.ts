import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tryWriter, writerTable } from '../../src/eval/writer.ts';
import { newFolder, runFieldnote } from '../support/daemon.ts';
import { needsInstalled } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';

/** Gemma 3 270M, a base model that has never heard of incidents; test/system/install-stock-model.sh brings it. */
const NAME = 'gemma-3-270m';
const STOCK_MODEL = `build/stock-model/${NAME}.gguf`;
/** In each of two languages; each takes some seconds on one core. */
const REPORTS = 6;

test.runIf(needsInstalled(STOCK_MODEL))(
  'a stock model tells reports too, and says nothing that their facts do not',
  async () => {
    // As from a USB stick.
    await using folder = await newFolder();
    const pulling = ['pull', NAME, '--from', join(root, STOCK_MODEL), '--to', folder.path, '--json'];
    const { stdout, stderr } = await runFieldnote('models', ...pulling);
    expect(stderr).not.toContain('fieldnote: ');
    const figures = await tryWriter({ path: JSON.parse(stdout).path, count: REPORTS });
    expect(figures.model).toBe(JSON.parse(stdout).sha256);
    console.log(writerTable(figures));
    expect(figures.tried).toHaveLength(2 * REPORTS);
    for (const { text, faults } of figures.tried) {
      expect(text).toBeDefined();
      expect(faults).toEqual([]);
    }
  },
  300_000,
);
