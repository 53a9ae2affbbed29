import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { reportAt, reportsAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';
import { faultsOf } from '../support/report-ledger.ts';

const MODEL = join(import.meta.dirname, '../../models/writer/fieldnote-writer.gguf');

test('publishes the template at once, and the words of the language model as the same revision', async () => {
  await using plant = await setUpPlant();
  const { broker, config, machine, start } = plant;
  await start({ ...config, llm: { model: MODEL } }).logged(/^watching pump/);
  machine.isFaulty = true;
  await reportAt(broker, ({ data }) => data.provenance.textBy === 'llm');
  const [first] = reportsAt(broker);
  expect(first?.data.provenance.textBy).toBe('template');
  const written = reportsAt(broker).find(({ data }) => data.provenance.textBy === 'llm');
  const template = reportsAt(broker).find(({ id }) => id === `${written?.data.id}/${written?.data.revision}`);
  expect(written?.id).toBe(`${template?.data.id}/text/${template?.data.revision}`);
  expect(written?.data).toEqual({
    ...template?.data,
    text: written?.data.text,
    provenance: written?.data.provenance,
  });
  expect(faultsOf(reportsAt(broker))).toEqual([]);
}, 40_000);

test('says in its health and once in its log that a model cannot be used, and goes on', async () => {
  await using plant = await setUpPlant();
  const { broker, config, machine, start } = plant;
  const daemon = start({ ...config, llm: { model: '/nowhere/model.gguf' } });
  await daemon.logged(/^watching pump/);
  machine.isFaulty = true;
  await reportAt(broker, ({ data }) => data.event === 'opened');
  await daemon.logged(/^cannot use the language model \/nowhere\/model.gguf/);
  machine.isFaulty = false;
  await reportAt(broker, ({ data }) => data.event === 'closed');
  await eventually(() => expect(reportsAt(broker).length).toBeGreaterThan(1));
  expect(daemon.messagesFrom(50).filter((msg) => msg.includes('language model'))).toHaveLength(1);
}, 40_000);
