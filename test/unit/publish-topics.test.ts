import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topicFault, topicsOf } from '../../src/publish/topics.ts';

describe('topics', () => {
  test('are fieldnote/<site>/<node>/…', () => {
    const topics = topicsOf({ site: 'plant', node: 'pump7' });
    expect(topics).toMatchObject({
      status: 'fieldnote/plant/pump7/status',
      health: 'fieldnote/plant/pump7/health',
      gap: 'fieldnote/plant/pump7/gap',
    });
    expect(topics.incident('motor')).toBe('fieldnote/plant/pump7/incident/motor');
  });

  test.each(['', 'a/b', 'a+', '#', '$SYS', 'a\u0000', '\ud800', 'a\n'])('refuse %j as a level', (level) => {
    expect(() => topicsOf({ site: level, node: 'n' })).toThrow(/^site .* is no topic level/);
    expect(() => topicsOf({ site: 's', node: level })).toThrow(/^node .* is no topic level/);
    expect(() => topicsOf({ site: 's', node: 'n' }).incident(level)).toThrow(/^asset .* is no topic level/);
  });

  test('have no fault, whatever valid keys they are made of', () => {
    const key = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);
    fc.assert(
      fc.property(key, key, key, (site, node, asset) => {
        const topic = topicsOf({ site, node }).incident(asset);
        expect(topicFault(topic)).toBeUndefined();
        expect(topic.split('/')).toEqual(['fieldnote', site, node, 'incident', asset]);
      }),
    );
  });
});

describe('the fault of a topic', () => {
  test.each([
    ['', 'empty'],
    ['a/+/b', '+ or #'],
    ['a/#', '+ or #'],
    ['$SYS/a', 'starts with $'],
    ['a\u0000b', 'control character'],
    ['a\u009fb', 'control character'],
    ['a\ud800', 'well-formed'],
  ])('of %j is named', (topic, reason) => {
    expect(topicFault(topic)).toContain(reason);
  });

  test.each(['a', '007', 'a//b', 'a b', 'ä/€', 'a$b', '/'])('of %j is none', (topic) => {
    expect(topicFault(topic)).toBeUndefined();
  });

  test('begins at 65,536 bytes, counted in UTF-8', () => {
    expect(topicFault('a'.repeat(65_535))).toBeUndefined();
    expect(topicFault('a'.repeat(65_536))).toContain('longer than 65535 bytes');
    expect(topicFault('€'.repeat(21_845))).toBeUndefined();
    expect(topicFault('€'.repeat(21_846))).toContain('longer');
  });
});
