import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { faultsIn } from '../../src/eval/written-faults.ts';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import { reportSchema } from '../../src/values/report.ts';
import { faultsOf } from '../support/report-ledger.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the demo reports both faults of its pump, and nothing is missing after the broker was away', async () => {
  const demo = spawn('npm', ['run', '--silent', 'demo', '--', '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(demo.stdout), once(demo, 'exit')]);
  expect(demo.exitCode).toBe(0);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { totals } = lines.pop();
  const reports: ReportEvent[] = lines;
  expect(totals).toMatchObject({ missing: 0, reports: reports.length, delivered: reports.length });
  expect(totals.noise).toBeGreaterThan(0);
  expect(totals.samples).toBeGreaterThan(1500);
  expect(faultsOf(reports, totals.reports)).toEqual([]);
  for (const { data } of reports) reportSchema.parse(data);

  const told = reports.filter(({ data }) => data.provenance.textBy === 'llm');
  expect(told.length).toBeGreaterThan(0);
  expect(totals.written).toBe(told.length);
  for (const { data } of told) expect(faultsIn(data.text, data)).toEqual([]);

  const closed = reports.filter(({ data }) => data.event === 'closed');
  expect(new Set(closed.map(({ data }) => data.id)).size).toBeGreaterThanOrEqual(2);
  const [first, second] = [...new Set(reports.map(({ data }) => data.id))].map((id) =>
    channelsOf(reports, id),
  );
  expect(first?.some((channel) => ['flow', 'pressure'].includes(channel))).toBe(true);
  expect(second).toContain('vibration_de');
}, 90_000);

/** Every channel that a report about the incident names. */
function channelsOf(reports: readonly ReportEvent[], id: string): string[] {
  const channels = reports.filter(({ data }) => data.id === id).flatMap(({ data }) => data.channels);
  return [...new Set(channels.map(({ channel }) => channel))];
}
