import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import type { Acceptance } from '../../src/store/outbox.ts';
import { UNWRITTEN_ROWS_MAX } from '../../src/store/unwritten.ts';
import { acceptance } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder } from '../support/store-samples.ts';

/** A revision of a report with the text of its template, about an incident of its own or another one. */
function template(incident: string, revision = 1, payloadBytes?: number): Acceptance {
  const { entry, ...others } = acceptance(revision, payloadBytes);
  return { ...others, entry: { ...entry, id: incident }, wording: { incident, isAwaited: true } };
}

/** The same revision in the words of the model. */
function written(incident: string, revision = 1): Acceptance {
  const { entry, ...others } = acceptance(revision);
  return { ...others, entry: { ...entry, id: `${incident}/text` }, wording: { incident, isAwaited: false } };
}

const unwrittenIn = (database: Database) => call(database, 'unwritten', undefined);
const payloadsOf = (...accepted: Acceptance[]) => accepted.map(({ entry }) => entry.payload);

describe('reports that wait for their words', () => {
  test('are still there after a restart, delivered or not', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    const [first, second] = [template('a'), template('b')];
    const seq = call(database, 'accept', first);
    call(database, 'accept', second);
    call(database, 'markDelivered', [seq]);
    database.close();
    expect(unwrittenIn(openIn(folder))).toEqual(payloadsOf(first, second));
  });

  test('are one for each incident, its latest revision', () => {
    const database = openIn(temporaryFolder());
    for (const accepted of [template('a'), template('b'), template('a', 2)])
      call(database, 'accept', accepted);
    expect(unwrittenIn(database)).toEqual(payloadsOf(template('a', 2), template('b')));
  });

  test('wait no more when their words are accepted', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', template('a'));
    call(database, 'accept', written('a'));
    expect(unwrittenIn(database)).toEqual([]);
  });

  test('go on waiting when the words of an older revision come late', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', template('a', 2));
    call(database, 'accept', written('a', 1));
    expect(unwrittenIn(database)).toEqual(payloadsOf(template('a', 2)));
  });

  test('keep their latest revision when an older one is stored after it', () => {
    const database = openIn(temporaryFolder());
    for (const revision of [2, 1]) call(database, 'accept', template('a', revision));
    expect(unwrittenIn(database)).toEqual(payloadsOf(template('a', 2)));
  });

  test('can be let go, but not a later revision by the name of an older one', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', template('a', 2));
    call(database, 'dropUnwritten', { id: 'a', revision: 1 });
    expect(unwrittenIn(database)).toEqual(payloadsOf(template('a', 2)));
    call(database, 'dropUnwritten', { id: 'a', revision: 2 });
    expect(unwrittenIn(database)).toEqual([]);
  });

  test('are forgotten when the same incident goes on without a model', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', template('a'));
    call(database, 'accept', { ...template('a', 2), wording: { incident: 'a', isAwaited: false } });
    expect(unwrittenIn(database)).toEqual([]);
  });

  test('are left out when their bits have flipped on the disk', () => {
    const database = openIn(temporaryFolder());
    for (const incident of ['a', 'b']) call(database, 'accept', template(incident));
    database.sql.run`UPDATE unwritten SET payload = '{}' WHERE id = 'a'`;
    expect(unwrittenIn(database)).toEqual(payloadsOf(template('b')));
  });

  test('give way before any report does when the file is nearly full', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: 1 });
    const size = 100_000;
    for (let at = 0; unwrittenIn(database).length >= at; at += 1)
      call(database, 'accept', template(`incident-${at}`, 1, size));
    expect(call(database, 'totals', undefined)).toMatchObject({ evicted: 0 });
  });

  test('are never more than the limit, and always the latest of those that came last', () => {
    const step = fc.record({ incident: fc.nat(99).map(String), isWritten: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 200 }), (steps) => {
        const database = openIn(temporaryFolder());
        const expected = new Map<string, string>();
        for (const [at, { incident, isWritten }] of steps.entries()) {
          const accepted = isWritten ? written(incident, at + 1) : template(incident, at + 1);
          call(database, 'accept', accepted);
          if (isWritten) expected.delete(incident);
          else expected.set(incident, accepted.entry.payload);
          for (const oldest of [...expected.keys()].slice(0, -UNWRITTEN_ROWS_MAX)) expected.delete(oldest);
        }
        expect(unwrittenIn(database)).toEqual([...expected.values()]);
        database.close();
      }),
      { numRuns: 5 },
    );
  });
});
