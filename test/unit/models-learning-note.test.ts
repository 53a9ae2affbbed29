import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { LearningNotes, readLearningNote } from '../../src/models/learning-note.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-note-'));
afterAll(() => rmSync(root, { recursive: true }));

function notesIn(folder = join(mkdtempSync(join(root, 'data-')), 'models', 'pump')) {
  const clock = { nowMs: 1000, wallMs: () => clock.nowMs };
  return { folder, clock, notes: new LearningNotes({ folder, clock }) };
}

describe('the note about a learning', () => {
  test('says how far it is and when that was, also in a folder that is not there yet', async () => {
    const { folder, notes } = notesIn();
    notes.learned(0.25);
    await notes.settled();
    expect(await readLearningNote(folder)).toEqual({ learned: 0.25, wallMs: 1000, rejected: null });
    expect(readdirSync(folder)).toEqual(['learning.json']);
  });

  test('keeps why the last period was rejected, across a restart too', async () => {
    const { folder, notes } = notesIn();
    notes.rejected('not steady');
    await notes.settled();
    const { notes: later, clock } = notesIn(folder);
    clock.nowMs = 9000;
    later.learned(0.5);
    await later.settled();
    const rejected = { reason: 'not steady', wallMs: 1000 };
    expect(await readLearningNote(folder)).toEqual({ learned: 0.5, wallMs: 9000, rejected });
  });

  test('is gone when nothing is being learned, and so is what was rejected', async () => {
    const { folder, notes } = notesIn();
    notes.rejected('not steady');
    notes.end();
    await notes.settled();
    expect(await readLearningNote(folder)).toBeUndefined();
    notes.learned(0.1);
    await notes.settled();
    expect((await readLearningNote(folder))?.rejected).toBeNull();
  });

  test('cuts a reason that is too long', async () => {
    const { folder, notes } = notesIn();
    notes.rejected('x'.repeat(5000));
    await notes.settled();
    expect((await readLearningNote(folder))?.rejected?.reason).toHaveLength(1000);
  });

  test('costs nothing but itself when the disk refuses', async () => {
    const { folder, notes } = notesIn();
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'no folder');
    notes.learned(0.5);
    notes.end();
    await expect(notes.settled()).resolves.toBeUndefined();
  });

  test.each(['', '{}', '{"learned":2,"wallMs":0,"rejected":null}', '\0'.repeat(100)])(
    'is none when the file holds %j',
    async (text) => {
      const { folder } = notesIn();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'learning.json'), text);
      expect(await readLearningNote(folder)).toBeUndefined();
    },
  );
});
