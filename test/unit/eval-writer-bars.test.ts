import { expect, test } from 'vitest';
import { barTable } from '../../eval/bar-table.ts';
import { figuresOf, stockWriter, writer } from '../../eval/writer.ts';
import { madeFacts } from '../../src/eval/made-facts.ts';
import type { Tried } from '../../src/eval/writer.ts';

function tried(given: Partial<Tried>): Tried {
  const words = 'Warning on @ASSET. @NAME1 is at @VALUE1.';
  return {
    ...{ facts: madeFacts(1), isUnseen: false, first: words, firstFault: undefined, slotErrors: 0, slots: 4 },
    ...{ text: 'Warning on Pump 1.', words, faults: [], tokens: 50, ms: 20 },
    ...given,
  };
}

const figures = figuresOf({
  model: 'abc',
  rssMiB: 100,
  tried: [
    tried({ ms: 10 }),
    tried({ firstFault: 'slots: @LIMIT', slotErrors: 1, ms: 30 }),
    tried({ isUnseen: true, faults: ['says 12, which no fact holds'] }),
    tried({ isUnseen: true, firstFault: 'length: ', text: undefined, words: undefined, faults: [], ms: 100 }),
    tried({ isUnseen: true, firstFault: undefined }),
  ],
});

test('counts published texts that the independent checker finds wrong', () => {
  expect(figures[0]).toMatchObject({ value: 1, baseline: expect.stringMatching(/^of 4, /) });
});

test('tells apart what was accepted at once for plans seen and never seen', () => {
  expect(figures.slice(1, 3)).toEqual([
    { value: 50, baseline: '1 of 2' },
    { value: (100 * 2) / 3, baseline: '2 of 3' },
  ]);
});

test('counts the slots that were wrong before the verifier', () => {
  expect(figures[3]).toEqual({ value: 5, baseline: '1 of 20; accepted in the end 80.00 %' });
});

test('gives variety, times and memory', () => {
  const [variety, p50, p95, memory] = figures.slice(4);
  expect(variety?.value).toBeCloseTo(1);
  expect(p50).toEqual({ value: 20, baseline: '1389 tokens/s' });
  expect(p95?.value).toBe(100);
  expect(memory?.value).toBeCloseTo(104.86, 1);
});

test('has a figure for each bar, and one more for the model that ships: the bare loop', () => {
  expect(stockWriter.bars.length).toBe(figures.length);
  expect(writer.bars.length).toBe(figures.length + 1);
});

test('a figure without a bar is told, and neither reached nor missed', () => {
  const bar = { name: 'self-BLEU', unit: '', decimals: 2, best: '' };
  const lines = barTable([{ bar, figure: { value: 0.97, baseline: '' }, lacking: '' }]).split('\n');
  const cells = lines[2]?.split('|').map((cell) => cell.trim());
  expect(cells?.slice(1, 5)).toEqual(['self-BLEU', '0.97', '', '']);
});
