import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tryWriter, writerTable } from '../../src/eval/writer.ts';
import { needsInstalled } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';

/** Gemma 3 270M, a base model that has never heard of incidents; test/system/install-stock-model.sh brings it. */
const STOCK_MODEL = 'build/stock-model/gemma-3-270m.gguf';
/** In each of two languages; each takes some seconds on one core. */
const REPORTS = 6;

test.runIf(needsInstalled(STOCK_MODEL))(
  'a stock model tells reports too, and says nothing that their facts do not',
  async () => {
    const figures = await tryWriter({ path: join(root, STOCK_MODEL), count: REPORTS });
    console.log(writerTable(figures));
    expect(figures.tried).toHaveLength(2 * REPORTS);
    for (const { text, faults } of figures.tried) {
      expect(text).toBeDefined();
      expect(faults).toEqual([]);
    }
  },
  300_000,
);
