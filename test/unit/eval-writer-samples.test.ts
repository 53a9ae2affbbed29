import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { madeFacts } from '../../src/eval/made-facts.ts';
import type { Tried } from '../../src/eval/writer.ts';
import { samplesPage } from '../../src/eval/writer-samples.ts';
import { templateText } from '../../src/report/template.ts';
import { root } from '../support/source-tree.ts';

function tried(seed: number, text: string | undefined): Tried {
  const outcome = { first: '', firstFault: undefined, slotErrors: 0, slots: 3, words: text, faults: [] };
  return { facts: madeFacts(seed), isUnseen: false, text, tokens: 40, ms: 20, ...outcome };
}

const FIGURES = {
  model: 'sha256 of a model',
  rssMiB: 130,
  tried: [tried(1, 'The first.'), tried(2, 'The second.'), tried(3, 'The third.'), tried(4, undefined)],
};

test('shows each text beside what its template says', () => {
  const page = samplesPage(FIGURES, {});
  for (const { facts, text } of FIGURES.tried) {
    expect(page).toContain(`Template: ${templateText(facts)}`);
    expect(page).toContain(`> ${text ?? '*No try was accepted, the template stays.*'}`);
  }
});

test('says of each text what its reader found, and counts it', () => {
  const remarks = { 'The first.': 'good', 'The second.': 'wooden: too short', 'Another text.': 'wrong: old' };
  const page = samplesPage(FIGURES, remarks);
  expect(page.match(/^Read: .*$/gm)).toEqual([
    'Read: good',
    'Read: wooden: too short',
    'Read: not yet',
    'Read: not yet',
  ]);
  expect(page).toContain('Read one by one beside their facts: 2 of 4; wrong 0, wooden 1.');
});

test('every sample of the page that ships has been read, and none is wrong', () => {
  const page = readFileSync(join(root, 'docs/writer-samples.md'), 'utf8');
  expect(page.match(/^Read: .*$/gm)).toHaveLength(30);
  expect(page).not.toMatch(/^Read: (?:not yet|wrong)/m);
});
