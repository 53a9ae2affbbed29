import { describe, expect, test } from 'vitest';
import { rssMiBOf } from '../../bench/proc.ts';
import { seededRandom } from '../../demo/noise.ts';
import { isAlive } from '../support/daemon.ts';
import { countOf, healthAt, reportAt } from '../support/node-topics.ts';
import { type Plant, setUpPlant } from '../support/plant.ts';
import {
  contradictionsAt,
  replaced,
  spoiledModel,
  templatesAt,
  withNumber,
  writerConfig,
  writtenAt,
} from '../support/writer-plant.ts';

/** With the start of a daemon and its learning, on a busy machine. */
const TIMEOUT_MS = 60_000;

/** Starts the daemon and waits until the model has written about a first incident, which is over then. */
async function startWriting(plant: Plant, llm?: Readonly<Record<string, unknown>>) {
  const { broker, machine, start } = plant;
  const daemon = start(writerConfig(plant, llm));
  await daemon.logged(/^watching pump/);
  machine.isFaulty = true;
  await reportAt(broker, ({ data }) => data.provenance.textBy === 'llm');
  machine.isFaulty = false;
  await reportAt(broker, ({ data }) => data.event === 'closed');
  return daemon;
}

/** Lets a second incident open and waits for its template. */
async function openAnother({ broker, machine }: Plant): Promise<string> {
  const known = new Set(templatesAt(broker).map(({ data }) => data.id));
  machine.isFaulty = true;
  const { data } = await reportAt(broker, (event) => !known.has(event.data.id));
  expect(data.provenance.textBy).toBe('template');
  return data.id;
}

describe(
  'a process of the language model',
  () => {
    test('that is killed in the middle of a text costs this text: its template is out, and later ones are told', async () => {
      await using plant = await setUpPlant();
      const { broker } = plant;
      const daemon = await startWriting(plant);
      const writer = await daemon.writer();
      process.kill(writer, 'SIGSTOP');
      const id = await openAnother(plant);
      const before = await healthAt(broker, () => true);
      process.kill(writer, 'SIGKILL');
      await daemon.logged(new RegExp(`^the writer process ${writer} ended by itself \\(SIGKILL\\)`));
      await reportAt(broker, ({ data }) => data.id === id && data.provenance.textBy === 'llm');
      expect(contradictionsAt(broker)).toEqual([]);
      const after = await healthAt(broker, () => true);
      expect(countOf(after, 'samples_read')).toBeGreaterThan(countOf(before, 'samples_read'));
      expect(countOf(after, 'link_lost')).toBe(0);
      expect(countOf(after, 'texts_kept')).toBe(1);
      expect(daemon.messagesFrom(50)).toEqual([]);
    });

    test('that is killed again and again never leads to a wrong text, nor stops the daemon', async () => {
      await using plant = await setUpPlant();
      const { broker, machine } = plant;
      const daemon = await startWriting(plant);
      const random = seededRandom(4);
      const killed = new Set<number>();
      const killer = setInterval(() => {
        for (const pid of daemon.writersNow) {
          if (killed.has(pid) || random() > 0.3) continue;
          killed.add(pid);
          process.kill(pid, 'SIGKILL');
        }
      }, 50);
      try {
        for (let incidents = 0; incidents < 4; incidents += 1) {
          const id = await openAnother(plant);
          machine.isFaulty = false;
          await reportAt(broker, ({ data }) => data.id === id && data.event === 'closed');
        }
      } finally {
        clearInterval(killer);
      }
      expect(killed.size).toBeGreaterThan(0);
      expect(contradictionsAt(broker)).toEqual([]);
      expect(await daemon.stop()).toBe(0);
    });

    test('that hangs is killed at its deadline, and another one writes', async () => {
      await using plant = await setUpPlant();
      const { broker, machine } = plant;
      const daemon = await startWriting(plant, { deadline: '2s' });
      const writer = await daemon.writer();
      process.kill(writer, 'SIGSTOP');
      const id = await openAnother(plant);
      await daemon.logged(
        new RegExp(`^the writer process ${writer} gave no answer within 2000 ms and was killed`),
      );
      await reportAt(broker, ({ data }) => data.id === id && data.provenance.textBy === 'llm');
      machine.isFaulty = false;
      await reportAt(broker, ({ data }) => data.id === id && data.event === 'closed');
      expect(isAlive(writer)).toBe(false);
      expect(contradictionsAt(broker)).toEqual([]);
    });
  },
  TIMEOUT_MS,
);

describe(
  'a model file',
  () => {
    const random = seededRandom(9);
    const noise = (bytes: Buffer, from = 0) => bytes.map((byte, at) => (at < from ? byte : random() * 256));

    test.each<[string, (bytes: Buffer) => Buffer]>([
      ['that is cut off', (bytes) => bytes.subarray(0, bytes.length / 2)],
      ['of another architecture', (bytes) => replaced(bytes, 'llama', 'mambo')],
      ['of random bytes', (bytes) => Buffer.from(noise(bytes))],
      ['with random bytes in its head', (bytes) => Buffer.from(noise(bytes.subarray(0, 4096), 24))],
      ['with a head that claims 2^32 layers', (bytes) => withNumber(bytes, 'llama.block_count', 0xffffffff)],
    ])('%s is told once: the templates and the reading go on', async (_, spoil) => {
      await using plant = await setUpPlant();
      const { broker, folder, machine, start } = plant;
      const daemon = start(writerConfig(plant, { model: spoiledModel(folder, spoil) }));
      await daemon.logged(/^watching pump/);
      machine.isFaulty = true;
      await daemon.logged(/^cannot use the language model .*model\.gguf, the template goes on/);
      machine.isFaulty = false;
      await reportAt(broker, ({ data }) => data.event === 'closed');
      const before = await healthAt(broker, ({ writer }) => writer?.gaveUp !== undefined);
      await openAnother(plant);
      const after = await healthAt(broker, () => true);
      expect(countOf(after, 'samples_read')).toBeGreaterThan(countOf(before, 'samples_read'));
      expect(after.writer).toMatchObject({ waiting: 0 });
      expect(writtenAt(broker)).toEqual([]);
      expect(daemon.messagesFrom(50)).toHaveLength(1);
    });

    test.each<[string, (bytes: Buffer) => Buffer]>([
      ['with random weights', (bytes) => Buffer.from(noise(bytes, bytes.length / 2))],
      [
        'that never ends',
        (bytes) => replaced(withNumber(bytes, 'tokenizer.ggml.eos_token_id', 3), '</s>', 'over'),
      ],
    ])('%s is survived: what it writes is refused, and the templates stay', async (_, spoil) => {
      await using plant = await setUpPlant();
      const { broker, folder, machine, start } = plant;
      const daemon = start(writerConfig(plant, { model: spoiledModel(folder, spoil) }));
      await daemon.logged(/^watching pump/);
      machine.isFaulty = true;
      await healthAt(broker, (health) => countOf(health, 'texts_kept') > 1);
      machine.isFaulty = false;
      await reportAt(broker, ({ data }) => data.event === 'closed');
      expect(writtenAt(broker)).toEqual([]);
      expect(daemon.messagesFrom(40)).toEqual([]);
    });

    test('that asks for a context of gigabytes gets the usual one', async () => {
      await using plant = await setUpPlant();
      const { folder } = plant;
      const model = spoiledModel(folder, (bytes) => withNumber(bytes, 'llama.context_length', 0x7fffffff));
      const daemon = await startWriting(plant, { model });
      // Far below the gigabytes; what of the files is in memory is the choice of the kernel.
      expect(rssMiBOf(await daemon.writer())).toBeLessThan(1024);
    });
  },
  TIMEOUT_MS,
);
