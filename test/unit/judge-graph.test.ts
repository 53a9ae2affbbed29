import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkGraph, readOutputs } from '../../src/judge/graph.ts';
import type { Graph, GraphTensor } from '../../src/judge/protocol.ts';
import { madeManifest } from '../support/made-models.ts';

const manifest = madeManifest('good');

const outputs = {
  score: Float32Array.of(1.5),
  value: Float32Array.of(9, 2),
  baseline: Float32Array.of(10, 2),
  spread: Float32Array.of(0.5, 0.25),
  share: Float32Array.of(0.75, 0.25),
  labels: Float32Array.of(0.25, 0.5),
};

describe('reading the outputs of a model', () => {
  test('gives the score, the deviation of each channel, and the labels with the best first', () => {
    expect(readOutputs(outputs, manifest)).toEqual({
      score: 1.5,
      deviations: [
        { channel: 'flow', value: 9, baseline: 10, spread: 0.5, share: 0.75 },
        { channel: 'pressure', value: 2, baseline: 2, spread: 0.25, share: 0.25 },
      ],
      labels: [
        { name: 'blockage', probability: 0.5 },
        { name: 'leak', probability: 0.25 },
      ],
    });
  });

  test('ignores outputs that the manifest does not declare', () => {
    const plain = { ...manifest, outputs: { deviations: false, labels: [] } };
    expect(readOutputs({ ...outputs, spread: Float32Array.of(Number.NaN) }, plain)).toEqual({
      score: 1.5,
      deviations: [],
      labels: [],
    });
  });

  test('forgives what float32 arithmetic does to a share', () => {
    const read = readOutputs({ ...outputs, share: Float32Array.of(1.0000002, -1e-7) }, manifest);
    expect(read?.deviations.map(({ share }) => share)).toEqual([1, 0]);
  });

  test.each([
    ['a score below 0', { score: Float32Array.of(-0.01) }],
    ['a score of NaN', { score: Float32Array.of(Number.NaN) }],
    ['an endless score', { score: Float32Array.of(Number.POSITIVE_INFINITY) }],
    ['two scores', { score: Float32Array.of(1, 1) }],
    ['no score', { score: Float32Array.of() }],
    ['a value of NaN', { value: Float32Array.of(1, Number.NaN) }],
    ['a value too few', { value: Float32Array.of(1) }],
    ['an endless baseline', { baseline: Float32Array.of(1, Number.NEGATIVE_INFINITY) }],
    ['a spread of 0', { spread: Float32Array.of(0, 1) }],
    ['a spread below 0', { spread: Float32Array.of(1, -1) }],
    ['a share over 1', { share: Float32Array.of(1.1, 0) }],
    ['a share below 0', { share: Float32Array.of(-0.1, 0.5) }],
    ['shares of more than the whole', { share: Float32Array.of(0.9, 0.9) }],
    ['a label too many', { labels: Float32Array.of(0.1, 0.2, 0.3) }],
    ['a probability over 1', { labels: Float32Array.of(0.1, 1.2) }],
  ])('finds nothing in %s', (_, wrong) => {
    expect(readOutputs({ ...outputs, ...wrong }, manifest)).toBeUndefined();
  });

  test.each(Object.keys(outputs))('finds nothing without %s', (name) => {
    const others = Object.fromEntries(Object.entries(outputs).filter(([other]) => other !== name));
    expect(readOutputs(others, manifest)).toBeUndefined();
  });

  test('never gives an impossible verdict, whatever the numbers', () => {
    const numbers = fc.float32Array({ minLength: 1, maxLength: 3 });
    const plausible = fc.float32Array({ minLength: 2, maxLength: 2, min: 0, max: 1, noNaN: true });
    const score = fc.float32Array({ minLength: 1, maxLength: 1 });
    const any = fc.dictionary(fc.constantFrom(...Object.keys(outputs)), numbers);
    const nearly = fc.record({ score, share: plausible, spread: plausible, labels: plausible });
    fc.assert(
      fc.property(fc.oneof(any, nearly), (given) => {
        const read = readOutputs({ ...outputs, ...given }, manifest);
        if (read === undefined) return;
        expect(read.score).toBeGreaterThanOrEqual(0);
        expect(read.score).toBeLessThan(Number.POSITIVE_INFINITY);
        expect(read.deviations.every(({ spread, share }) => spread > 0 && share >= 0 && share <= 1)).toBe(
          true,
        );
        expect(read.labels[0]?.probability).toBeGreaterThanOrEqual(read.labels[1]?.probability ?? 1);
      }),
    );
  });
});

describe('checking the graph of a model', () => {
  const tensor = (name: string, shape: GraphTensor['shape'], type = 'float32'): GraphTensor => ({
    name,
    type,
    shape,
  });
  const graph: Graph = {
    inputs: [tensor('window', [8, 2])],
    outputs: Object.entries(outputs).map(([name, { length }]) => tensor(name, [length])),
  };

  test('accepts the graph that the manifest describes', () => {
    expect(() => checkGraph(graph, manifest)).not.toThrow();
  });

  test('accepts a graph that takes windows of any length', () => {
    expect(() => checkGraph({ ...graph, inputs: [tensor('window', ['rows', 2])] }, manifest)).not.toThrow();
  });

  test('accepts the constants that the manifest names', () => {
    const constants = [{ name: 'speed', unit: 'Hz', min: 1, max: 9 }];
    const inputs = [tensor('speed', [1]), ...graph.inputs];
    expect(() => checkGraph({ ...graph, inputs }, { ...manifest, constants })).not.toThrow();
    const check = () => checkGraph(graph, { ...manifest, constants });
    expect(check).toThrow('does not take speed float32 [1]');
  });

  test.each([
    ['another number of rows', { inputs: [tensor('window', [9, 2])] }, 'takes window float32 [9, 2]'],
    ['another number of channels', { inputs: [tensor('window', [8, 3])] }, 'takes window float32 [8, 3]'],
    ['another nesting', { inputs: [tensor('window', [1, 8, 2])] }, 'does not take window float32 [8, 2]'],
    [
      'another element type',
      { inputs: [tensor('window', [8, 2], 'float64')] },
      'takes window float64 [8, 2]',
    ],
    ['another input', { inputs: [...graph.inputs, tensor('speed', [1])] }, 'takes speed float32 [1]'],
    ['no input', { inputs: [] }, 'does not take window'],
    ['no score', { outputs: graph.outputs.slice(1) }, 'gives no float32 output "score"'],
    [
      'an output that is no tensor',
      { outputs: [tensor('score', [], 'none')] },
      'gives no float32 output "score"',
    ],
    ['no labels', { outputs: graph.outputs.slice(0, -1) }, 'gives no float32 output "labels"'],
  ])('refuses a graph with %s', (_, wrong, message) => {
    const check = () => checkGraph({ ...graph, ...wrong }, manifest);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: 'MODEL_MISMATCH' }));
  });
});
