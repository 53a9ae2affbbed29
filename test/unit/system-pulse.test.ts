import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Pulse, type VitalSign } from '../../src/system/pulse.ts';

const living: VitalSign = { name: 'the judge', ask: async () => undefined };

function pulseOf(signs: readonly VitalSign[]) {
  const heard: (string | readonly string[])[] = [];
  const pulse = new Pulse({
    signs,
    onAlive: () => heard.push('alive'),
    onFault: (faults) => heard.push(faults),
  });
  return { pulse, heard };
}

describe('Pulse', () => {
  test('is alive when every part has answered', async () => {
    const { pulse, heard } = pulseOf([living, { ...living, name: 'the store' }]);
    await pulse.beat();
    expect(heard).toEqual(['alive']);
  });

  test('is not alive while one part does not answer, and names it', async () => {
    const answer = Promise.withResolvers<undefined>();
    const { pulse, heard } = pulseOf([living, { name: 'the store', ask: () => answer.promise }]);
    const first = pulse.beat();
    await nextTurn();
    await pulse.beat();
    await pulse.beat();
    expect(heard).toEqual([['the store does not answer'], ['the store does not answer']]);

    answer.resolve(undefined);
    await first;
    expect(heard.at(-1)).toBe('alive');
  });

  test('asks a part that hangs only once', async () => {
    let asked = 0;
    const ask = () => {
      asked += 1;
      return new Promise<undefined>(() => undefined);
    };
    const { pulse } = pulseOf([{ name: 'the store', ask }]);
    void pulse.beat();
    for (let beat = 0; beat < 10; beat += 1) await pulse.beat();
    expect(asked).toBe(1);
  });

  test('says what is wrong with a part that does not live', async () => {
    const { pulse, heard } = pulseOf([living, { name: 'source mcu', ask: async () => 'opens for 40 s' }]);
    await pulse.beat();
    expect(heard).toEqual([['source mcu opens for 40 s']]);
  });
});
