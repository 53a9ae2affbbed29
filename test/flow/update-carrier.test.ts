import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { updateSend } from '../../src/cli/update-send.ts';
import type { Outcome } from '../../src/update/releases.ts';
import { startBroker } from '../support/broker.ts';
import { strangerKeys } from '../support/made-update.ts';
import { testFolder } from '../support/mirror-rig.ts';
import { bundleOf } from '../support/update-line.ts';
import { startUpdateNode } from '../support/update-node.ts';

const HEALTH = 'fieldnote/plant/pump7/health';
const KIB = 1024;

async function startNode(settings: Omit<Parameters<typeof startUpdateNode>[0], 'folder'> = {}) {
  const node = await startUpdateNode({ folder: testFolder(), ...settings });
  onTestFinished(() => node.stop());
  return node;
}

describe('fieldnote update send', { timeout: 40_000 }, () => {
  const facts = { healthWindowS: 10 };

  test('ends with what the node says came of it', async () => {
    const { broker, counters, incoming, send } = await startNode();
    const bytes = bundleOf(300 * KIB, { facts });
    const last = (result: Outcome['result'], at: string) => ({ result, at, sequence: 5, name: 'better' });
    const say = (outcome: object) =>
      broker.publish(HEALTH, JSON.stringify({ release: { sequence: 4, last: outcome } }));
    broker.onMessage(({ topic }) => {
      // What came of an earlier try with this number is no news.
      if (topic.endsWith('/offer')) say(last('refused', '2026-11-24T10:00:00Z'));
      if (existsSync(join(incoming, '5.update')) && topic.endsWith('/state'))
        setTimeout(() => say(last('installed', '2026-11-24T11:00:00Z')), 50);
    });
    const { outcome, seen } = await send(bytes);
    expect(outcome).toBe(true);
    expect(seen).toMatch(/^sending update 5 to plant\/pump7, 0 %\n[\s\S]*, 100 %\nthe node has it/);
    expect(readFileSync(join(incoming, '5.update')).equals(bytes)).toBe(true);
    expect(counters.get('update_parts')).toBe(6);
  });

  test('gives up when nobody answers, and says how to go on', async () => {
    const broker = await startBroker();
    onTestFinished(() => broker.stop());
    const path = join(testFolder(), 'a.update');
    writeFileSync(path, bundleOf(KIB));
    const where = { broker: `mqtt://127.0.0.1:${broker.port}`, site: 'plant', node: 'nobody' };
    const output = { write: () => true };
    await expect(updateSend(path, { ...where, patience: '1s' }, output)).rejects.toThrow(
      /^nothing new for 1 s; the node keeps what it has, and the same command goes on behind it/,
    );
  });

  test.each([
    ['http://broker.example', '10s', /--broker http:\/\/broker\.example must be mqtt/],
    ['mqtt://user:word@broker.example', '10s', /without user or password/],
    ['mqtt://127.0.0.1', 'soon', /--patience soon: must be a duration/],
  ])('refuses --broker %s --patience %s', async (broker, patience, message) => {
    const options = { broker, patience, site: 'plant', node: 'pump7' };
    await expect(updateSend('a.update', options)).rejects.toThrow(message);
  });
});

describe('a node refuses over the broker', { timeout: 40_000 }, () => {
  const foreign = process.arch === 'arm64' ? ('x64' as const) : ('arm64' as const);
  const trial = { sequence: 3, name: 'third', healthWindowS: 600, invocationBefore: '', boots: 0 };

  test.each([
    ['what a stranger has signed', {}, { privateKey: strangerKeys.privateKey }, /none of the 1 keys/],
    ['everything where no key is', { keys: [] }, {}, /this device trusts no key for updates/],
    ['everything where a key is none', { keys: ['rubbish'] }, {}, /0\.pub holds no public ed25519 key/],
    ['what was here already', { state: { highestSequence: 5 } }, {}, /its sequence 5 is not higher than 5/],
    ['what is over', {}, { facts: { notAfter: '2026-01-01T00:00:00Z' } }, /it was to be taken until/],
    [
      'what is for another processor',
      {},
      { facts: { for: { architecture: foreign } } },
      /it is for \w+, and this/,
    ],
    ['what is for another site', {}, { facts: { for: { site: 'dock' } } }, /it is for the site dock/],
    ['what is for another node', {}, { facts: { for: { nodes: ['pump8'] } } }, /it is for pump8/],
    ['an agent with another store', {}, { facts: { storeSchema: 99 } }, /its agent writes another store/],
    [
      'one while another is tried',
      { state: { highestSequence: 3, trial } },
      {},
      /update 3 \(third\) is being tried/,
    ],
    [
      'what its clock thinks is over since the last update',
      { state: { highestSequence: 1, latestCreatedAt: '2099-01-01T00:00:00Z' } },
      {},
      /it is 2099-01-01/,
    ],
  ])('%s', async (_, settings, made, reason) => {
    const { counters, incoming, send } = await startNode(settings);
    const { outcome } = await send(bundleOf(300 * KIB, made));
    expect(outcome).toMatch(reason);
    expect(outcome).toMatch(/^the node refuses it: /);
    expect(existsSync(incoming) ? readdirSync(incoming) : []).toEqual([]);
    expect([counters.get('update_parts'), counters.get('updates_refused')]).toEqual([0, 1]);
  });
});
