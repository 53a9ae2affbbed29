import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IsolatedProcess } from '../../src/isolate/isolated-process.ts';
import { render, VOICES } from '../../src/report/slots.ts';
import { verify } from '../../src/report/verify.ts';
import type { WriteAnswer, WriterAnswer, WriterRequest } from '../../src/report/writer-protocol.ts';
import { type Folder, newFolder } from '../support/daemon.ts';
import { DEBIAN_PYTHON, needsModule, runPython } from '../support/python.ts';
import { root } from '../support/source-tree.ts';
import { planFrom } from '../support/writer-plans.ts';

/** Enough for five notes, by far not enough for everything else; the recipe's own number is 2800, with two processes. */
const STEPS = 280;
/** A slow machine trains with a third of the speed of one that takes a minute. */
const TRAINING_TIMEOUT_MS = 400_000;
const DEADLINE_MS = 60_000;

interface Note {
  readonly prompt: string;
  readonly text: string;
}

const EXAMPLES = join(root, 'test/vectors/house-style.jsonl');
const notes: readonly Note[] = readFileSync(EXAMPLES, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe.runIf(needsModule(DEBIAN_PYTHON, 'torch') && needsModule(DEBIAN_PYTHON, 'sentencepiece'))(
  'a model that is trained again with five notes of a site',
  () => {
    let folder: Folder;
    let path: string;
    let writer: IsolatedProcess<WriterRequest, WriterAnswer>;
    let loaded: WriterAnswer;

    beforeAll(async () => {
      folder = await newFolder();
      path = join(folder.path, 'fieldnote-writer.gguf');
      const options = [
        '--out',
        folder.path,
        '--steps',
        `${STEPS}`,
        '--languages',
        'en',
        '--examples',
        EXAMPLES,
      ];
      const tookMs = runPython(DEBIAN_PYTHON, 'models/writer/train.py', ...options);
      console.log(`training: ${(tookMs / 1000).toFixed(0)} s`);
      writer = new IsolatedProcess<WriterRequest, WriterAnswer>({
        name: 'writer',
        module: new URL('../../src/report/writer-process.ts', import.meta.url),
        heapSizeMaxMiB: 96,
        clock: { monoMs: () => performance.now() },
        random: () => 0,
        onRestart: (reason) => console.error(reason.message),
      });
      loaded = await writer.ask({ kind: 'load', path }, DEADLINE_MS);
    }, TRAINING_TIMEOUT_MS);

    afterAll(async () => {
      await writer.stop();
      await folder[Symbol.asyncDispose]();
    });

    async function write(prompt: string): Promise<string> {
      const voice = VOICES[0] ?? '';
      const request = {
        kind: 'write',
        prompt,
        language: 'en',
        voice,
        seed: 1,
        temperature: 0,
        tokensMax: 256,
      } as const;
      return ((await writer.ask(request, DEADLINE_MS)) as WriteAnswer).text;
    }

    test('loads, and its card says what it is and what it was made of', () => {
      expect(loaded).toEqual({ kind: 'load', sha256: sha256(path), isOwn: true });
      expect(JSON.parse(readFileSync(join(folder.path, 'model.json'), 'utf8'))).toMatchObject({
        sha256: sha256(path),
        examplesSha256: sha256(EXAMPLES),
        steps: STEPS,
      });
    });

    test('writes notes of the site as they were given, which the verifier accepts', async () => {
      const texts: string[] = [];
      for (const { prompt } of notes) texts.push(await write(prompt));
      const learned = notes.filter(({ text }, at) => texts[at] === text);
      console.log(`${learned.length} of ${notes.length} notes in the style of the site`);
      expect(learned.length).toBeGreaterThan(0);
      for (const { prompt, text } of learned) expect(verify(text, planFrom(prompt))).toEqual({ ok: true });
    });

    test('needs no training for the names of the site', async () => {
      const [note] = notes as readonly [Note];
      const plan = planFrom(note.prompt);
      const slots = new Map([...plan.slots, ['ASSET', 'Förderpumpe Süd 水']]);
      expect(render(await write(note.prompt), { ...plan, slots })).toContain('Förderpumpe Süd 水');
    });
  },
);

test('every note of the site says what its prompt says', () => {
  for (const { prompt, text } of notes) expect(verify(text, planFrom(prompt))).toEqual({ ok: true });
});
