import { describe, expect, test } from 'vitest';
import type { DigestEvent } from '../../src/publish/digest-envelope.ts';
import { digestSchema } from '../../src/values/digest.ts';
import type { Broker } from '../support/broker.ts';
import { eventually } from '../support/daemon.ts';
import { healthAt, reportAt, reportsAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';

/** Everything of the outbox that a broker got, in its order. */
function eventsAt({ messages }: Broker): { readonly topic: string; readonly event: DigestEvent }[] {
  return messages
    .filter(({ topic }) => topic.includes('/incident/') || topic.endsWith('/digest'))
    .map(({ topic, payload }) => ({ topic, event: JSON.parse(payload.toString()) }));
}

const digestsAt = (broker: Broker) =>
  eventsAt(broker).flatMap(({ topic, event }) => (topic.endsWith('/digest') ? [event] : []));

describe('the daemon after a long time without a link', { timeout: 60_000 }, () => {
  test('tells what happened before it sends what is not critical, also after a restart', async () => {
    await using plant = await setUpPlant();
    const { broker, config, machine } = plant;
    const watching = { ...config, digest: { afterOffline: '1s' } };
    const first = plant.start(watching);
    await first.logged(/^watching pump/);
    await broker.stop();
    machine.isFaulty = true;
    await first.logged(/^Feed pump 7: critical/);
    await first.stop();
    // What is open goes on after a restart, and its link is as long away as it was before.
    const second = plant.start(watching);
    machine.isFaulty = false;
    await second.logged(/^Feed pump 7: critical over/);
    const before = eventsAt(broker).length;
    await broker.start();
    await reportAt(broker, ({ data }) => data.event === 'closed');
    await eventually(() => expect(digestsAt(broker)).toHaveLength(1));
    const sent = eventsAt(broker).slice(before);
    const place = sent.findIndex(({ topic }) => topic.endsWith('/digest'));
    // What is critical waits for nothing.
    expect(sent.slice(0, place).map(({ event }) => event.lane)).toEqual(Array(place).fill('critical'));
    const digest = sent[place];
    expect(digest?.topic).toBe(`fieldnote/${config.site}/${config.node}/digest`);
    expect(digest?.event.type).toBe('fieldnote.digest.offline');
    const { data } = digest?.event ?? {};
    expect(digestSchema.parse(data)).toMatchObject({
      counts: { incidents: 1, machine: 1, critical: 1, open: 0 },
      chief: [{ asset: { key: 'pump' }, severity: 'critical', closed: { boot: 1 } }],
    });
    const [chief] = data?.chief ?? [];
    const told = reportsAt(broker).filter(({ data: { id } }) => id === chief?.id);
    expect(data?.restsOn).toEqual([
      { id: chief?.id, revision: told.at(-1)?.data.revision, updated: told.at(-1)?.data.updated },
    ]);
    expect(data?.text).toMatch(/^The link was last up \d+ s ago/);
    expect(data?.text).toContain('1 incident: 1 critical; 1 of a machine. Feed pump 7: critical, over after');
    expect(data?.coverage[0]?.watchedMs).toBeGreaterThan(0);
    expect(data?.coverage[0]?.watchedMs).toBeLessThanOrEqual(data?.lengthMs ?? 0);
  });

  test('has nothing to tell when it was short, and sends the backlog all the same', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, startWatching } = plant;
    const daemon = await startWatching();
    await broker.stop();
    machine.isFaulty = true;
    await daemon.logged(/^Feed pump 7: critical/);
    await broker.start();
    await reportAt(broker, ({ data }) => data.event === 'opened');
    await healthAt(broker, () => true);
    expect(digestsAt(broker)).toEqual([]);
  });
});
