import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { madeFacts } from '../../src/eval/made-facts.ts';
import { anyFacts } from '../../src/eval/made-subjects.ts';
import { faultsIn } from '../../src/eval/written-faults.ts';
import { type Grammar, grammarOf, toGbnf } from '../../src/report/grammar.ts';
import { planOf, render } from '../../src/report/slots.ts';
import { verify } from '../../src/report/verify.ts';
import { languages } from '../../src/values/language.ts';
import { root } from '../support/source-tree.ts';
import { planFrom } from '../support/writer-plans.ts';

/** One text of a grammar. */
function drawn(grammar: Grammar, random: () => number): string {
  if (typeof grammar === 'string') return grammar;
  if ('all' in grammar) return grammar.all.map((part) => drawn(part, random)).join('');
  const chosen = grammar.any[Math.floor(random() * grammar.any.length)];
  return chosen === undefined ? '' : drawn(chosen, random);
}

describe.each(languages)('the grammar of a plan in %s', (language) => {
  test('gives only texts that the verifier reads, about made-up incidents of every kind', () => {
    const random = seededRandom(1);
    for (let seed = 0; seed < 500; seed += 1) {
      const plan = planOf(anyFacts({ seed, language }));
      const text = drawn(grammarOf(plan), random);
      expect({ text, verdict: verify(text, plan) }).toEqual({ text, verdict: { ok: true } });
    }
  });

  test('gives only texts in which a second reading finds nothing wrong', () => {
    const random = seededRandom(2);
    for (let seed = 0; seed < 300; seed += 1) {
      const facts = anyFacts({ seed, language });
      const plan = planOf(facts);
      const text = render(drawn(grammarOf(plan), random), plan);
      expect({ text, faults: faultsIn(text, facts) }).toEqual({ text, faults: [] });
    }
  });

  test('gives only texts that the verifier reads, about the plans that the recipe draws', () => {
    const random = seededRandom(3);
    const lines = readFileSync(join(root, 'test/vectors/writer-texts.jsonl'), 'utf8').trim().split('\n');
    for (const line of lines) {
      const plan = planFrom(JSON.parse(line).prompt, language);
      const text = drawn(grammarOf(plan), random);
      expect({ text, verdict: verify(text, plan) }).toEqual({ text, verdict: { ok: true } });
    }
  });

  test('leaves the choice of words open', () => {
    const random = seededRandom(4);
    const grammar = grammarOf(planOf(madeFacts(1)));
    expect(new Set(Array.from({ length: 100 }, () => drawn(grammar, random))).size).toBeGreaterThan(90);
  });
});

test('is written for llama.cpp with quotes and brackets in their place', () => {
  const grammar: Grammar = { all: ['a "b"', { any: ['c', { all: ['d', 'e'] }] }, '.'] };
  expect(toGbnf(grammar)).toBe('root ::= " "? "a \\"b\\"" ("c" | "d" "e") "."\n');
});
