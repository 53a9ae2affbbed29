import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Findings, findingsAt } from '../support/broker-findings.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { type RealBroker, startNats, startRabbitMq } from '../support/real-broker.ts';
import { root } from '../support/source-tree.ts';

/**
 * The daemon against the brokers of Debian. What is found makes the table of docs/brokers.md; with
 * FIELDNOTE_WRITE_DOCS=1 it is written there, otherwise it has to be there already.
 */

const PAGE = join(root, 'docs/brokers.md');
const TABLE = /<!-- table -->\n[\s\S]*<!-- end of the table -->/;

const BROKERS: readonly { readonly program: string; readonly start: () => Promise<RealBroker> }[] = [
  { program: 'mosquitto', start: () => startMosquitto() },
  { program: 'nats-server', start: startNats },
  { program: 'rabbitmq-server', start: startRabbitMq },
];

const isComplete = BROKERS.every(({ program }) => needsCommand(program));
const found = new Map<string, Findings>();

describe.runIf(isComplete)('the daemon', () => {
  test.each(BROKERS)(
    'delivers, keeps and shows everything with $program',
    async ({ start }) => {
      await using broker = await start();
      const findings = await findingsAt(broker);
      found.set(broker.name, findings);
      expect(findings).toMatchObject({
        'reports with QoS 1 and acknowledgement': 'yes',
        'status retained': 'yes',
        'last will after kill -9': 'yes',
        'broker restarted meanwhile': 'nothing lost, in order',
        'payload of 256 KiB': 'delivered',
        'Home Assistant discovery': 'yes',
      });
    },
    240_000,
  );

  test('does with each broker what docs/brokers.md says', () => {
    expect(found.size).toBe(BROKERS.length);
    const table = `<!-- table -->\n${tableOf(found)}\n<!-- end of the table -->`;
    console.log(table);
    const page = readFileSync(PAGE, 'utf8');
    if (process.env['FIELDNOTE_WRITE_DOCS'] === '1')
      writeFileSync(
        PAGE,
        page.replace(TABLE, () => table),
      );
    else expect(TABLE.exec(page)?.[0]).toBe(table);
  });
});

function tableOf(findings: ReadonlyMap<string, Findings>): string {
  const columns = [...findings.values()];
  const rows = Object.keys(columns[0] ?? {}).map((row) => [
    row,
    ...columns.map((column) => column[row] ?? ''),
  ]);
  const lines = [['', ...findings.keys()], ['---', ...columns.map(() => '---')], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
