import { describe, expect, test } from 'vitest';
import { alternate, latencies } from '../../bench/repeat.ts';

describe('alternate', () => {
  test('lets the runs take turns', async () => {
    const order: string[] = [];
    const run = (name: string) => async () => order.push(name);
    await alternate({ ours: run('ours'), bare: run('bare') }, 2);
    expect(order).toEqual(['ours', 'bare', 'ours', 'bare']);
  });

  test('never has two runs at the same time', async () => {
    let running = 0;
    let runningMax = 0;
    const run = async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await alternate({ ours: run, bare: run }, 3);
    expect(runningMax).toBe(1);
  });

  test('gives the results of each run in order', async () => {
    let count = 0;
    const run = async () => ++count;
    expect(await alternate({ ours: run, bare: run }, 2)).toEqual({ ours: [1, 3], bare: [2, 4] });
  });

  test('passes on what a run throws', async () => {
    const run = () => Promise.reject(new Error('no socat'));
    await expect(alternate({ run }, 1)).rejects.toThrow('no socat');
  });
});

describe('latencies', () => {
  test('leaves the first block out, which warms up', async () => {
    let calls = 0;
    const { call } = await latencies({ call: async () => ++calls }, 4);
    expect(calls - call.length).toBe(4);
  });

  test('takes the same number of calls of each', async () => {
    const { ours, bare } = await latencies({ ours: async () => {}, bare: async () => {} }, 3);
    expect(ours).toHaveLength(bare.length);
  });

  test('measures a call up to its end, in milliseconds', async () => {
    const call = () => new Promise((resolve) => setTimeout(resolve, 10));
    const { call: durationsMs } = await latencies({ call }, 1);
    // Timers of Node may fire a little before their time.
    for (const durationMs of durationsMs) expect(durationMs).toBeGreaterThan(8);
  });
});
