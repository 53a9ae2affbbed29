import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anyFacts } from '../../src/eval/made-subjects.ts';
import { faultsIn } from '../../src/eval/written-faults.ts';
import { textOf } from '../../src/report/facts.ts';
import type { Fault } from '../../src/report/faults.ts';
import { planOf, promptOf } from '../../src/report/slots.ts';
import { Writer, type WriterOptions } from '../../src/report/writer.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';
import { languages } from '../../src/values/language.ts';
import { type Report, reportSchema } from '../../src/values/report.ts';
import { madeReport } from '../support/made-report.ts';

/** The model that ships. */
const MODEL = join(import.meta.dirname, '../../models/writer/fieldnote-writer.gguf');

const happened = {
  written: [] as Report[],
  kept: [] as { report: Report; faults: readonly Fault[] }[],
  shed: [] as Report[],
  restarted: [] as FieldnoteError[],
  gaveUp: [] as FieldnoteError[],
};
let folder = '';
let writer: Writer;

function start(given: Partial<WriterOptions> = {}): Writer {
  writer = new Writer({
    modelPath: MODEL,
    deadlineMs: 10_000,
    idleMs: 60_000,
    clock: { monoMs: () => performance.now() },
    random: () => 0,
    pausedBy: () => undefined,
    on: {
      written: (report) => happened.written.push(report),
      kept: (report, faults) => happened.kept.push({ report, faults }),
      shed: (report) => happened.shed.push(report),
      restarted: (reason) => happened.restarted.push(reason),
      gaveUp: (reason) => happened.gaveUp.push(reason),
    },
    ...given,
  });
  return writer;
}

/** To the process of the writer; the number 0 would be everybody in the group of this one. */
function signal(name: NodeJS.Signals): void {
  if (writer.pid === undefined) throw new Error('the writer has no process');
  process.kill(writer.pid, name);
}

/** A model file with other bytes. */
function spoiled(spoil: (bytes: Buffer) => Buffer): string {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, spoil(readFileSync(MODEL)));
  return path;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldnote-writer-'));
  for (const list of Object.values(happened)) list.length = 0;
});

afterEach(async () => {
  await writer.stop();
  rmSync(folder, { recursive: true });
});

describe('the writer', () => {
  test.each(languages)('tells of sensors, bearings and machines in %s', async (language) => {
    start();
    const made = Array.from({ length: 30 }, (_, seed) => anyFacts({ seed, language }));
    for (const facts of made) writer.add({ ...facts, text: textOf(facts) });
    await writer.settled();
    const { written } = happened;
    expect(new Set(written.map(({ kind }) => kind))).toEqual(new Set(['machine', 'sensor', 'bearing']));
    expect(written.length).toBeGreaterThan(20);
    expect(written.flatMap((report) => faultsIn(report.text, report))).toEqual([]);
    expect(written.map((report) => report.language)).toEqual(written.map(() => language));
  });

  test('tells reports in its own words, and where they come from', async () => {
    start();
    const reports = Array.from({ length: 10 }, (_, seed) => madeReport(seed));
    for (const report of reports) writer.add(report);
    await writer.settled();
    expect(happened.written.length).toBeGreaterThan(6);
    const [written] = happened.written;
    const given = reports.find(({ id }) => id === written?.id) as Report;
    expect(written?.text).not.toBe(given.text);
    expect(written).toEqual({ ...given, text: written?.text, provenance: written?.provenance });
    expect(written?.provenance).toMatchObject({
      ...given.provenance,
      textBy: 'llm',
      writer: {
        model: createHash('sha256').update(readFileSync(MODEL)).digest('hex'),
        prompt: createHash('sha256')
          .update(promptOf(planOf(given)))
          .digest('hex'),
        verdicts: expect.arrayContaining(['accepted']),
      },
    });
    for (const report of happened.written) expect(reportSchema.parse(report)).toEqual(report);
  });

  test('writes the same text for the same report', async () => {
    start();
    for (const seed of [1, 2]) {
      writer.add(madeReport(3));
      await writer.settled();
      expect(happened.written).toHaveLength(seed);
    }
    expect(happened.written[0]?.text).toBe(happened.written[1]?.text);
  });

  test('does not publish a text that a newer revision has overtaken', async () => {
    start();
    const report = madeReport(3);
    writer.add(report);
    writer.add({ ...report, revision: report.revision + 1 });
    await writer.settled();
    const told = [...happened.written, ...happened.kept.map((kept) => kept.report)];
    expect(told.map(({ revision }) => revision)).toEqual([report.revision + 1]);
    expect(happened.shed.map(({ revision }) => revision)).toEqual([report.revision]);
  });

  test('ends its process when idle and starts it again', async () => {
    start({ idleMs: 50 });
    writer.add(madeReport(3));
    await writer.settled();
    await expect.poll(() => writer.pid).toBeUndefined();
    writer.add(madeReport(4));
    await writer.settled();
    expect(happened.written.length + happened.kept.length).toBe(2);
    expect(happened.restarted).toEqual([]);
  });

  test('says of each report whether it waits, so that the store need not keep the others', () => {
    start({ pausedBy: () => 'the processor has 85 °C' });
    const severe = Array.from({ length: 32 }, (_, seed) => ({
      ...madeReport(seed),
      severity: 'warning' as const,
    }));
    expect(severe.map((report) => writer.add(report))).not.toContain(false);
    expect(writer.add({ ...madeReport(40), severity: 'notice' })).toBe(false);
    expect(happened.shed.map(({ id }) => id)).toEqual([madeReport(40).id]);
    expect(writer.add({ ...madeReport(41), severity: 'critical' })).toBe(true);
  });

  test('has no process before it is needed', () => {
    expect(start().pid).toBeUndefined();
  });

  test('waits while it is paused and says why', async () => {
    start({ pausedBy: () => 'the processor has 85 °C' });
    writer.add(madeReport(3));
    await sleep(50);
    expect(writer.health).toEqual({ waiting: 1, pausedBy: 'the processor has 85 °C' });
    expect(writer.pid).toBeUndefined();
  });

  test('gives its memory back while it is paused', async () => {
    let pausedBy: string | undefined;
    start({ pausedBy: () => pausedBy });
    writer.add(madeReport(3));
    await writer.settled();
    expect(writer.pid).toBeDefined();
    pausedBy = '50 MiB of memory are free';
    writer.add(madeReport(4));
    await expect.poll(() => writer.pid).toBeUndefined();
    expect(writer.health).toEqual({ waiting: 1, pausedBy });
    expect(happened.restarted).toEqual([]);
  });

  test('lets every other process go first', async () => {
    start();
    writer.add(madeReport(3));
    await writer.settled();
    const threads = `/proc/${writer.pid}/task`;
    const niceness = readdirSync(threads).map((thread) => {
      const stat = readFileSync(join(threads, thread, 'stat'), 'utf8');
      // proc(5): nice is field 19; the second one is in brackets and may hold blanks.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    });
    expect(niceness.length).toBeGreaterThan(1);
    expect(new Set(niceness)).toEqual(new Set([19]));
  });

  test('is killed in the middle and goes on with the next report', async () => {
    start();
    writer.add(madeReport(3));
    await writer.settled();
    signal('SIGSTOP');
    writer.add(madeReport(4));
    await sleep(20);
    signal('SIGSEGV');
    signal('SIGCONT');
    await writer.settled();
    expect(happened.restarted.map(({ code }) => code)).toEqual(['CHILD_DEAD']);
    expect(happened.kept.map(({ report }) => report.id)).toEqual([madeReport(4).id]);
    writer.add(madeReport(3));
    await writer.settled();
    expect(happened.written).toHaveLength(2);
    expect(happened.gaveUp).toEqual([]);
  });

  test('kills a process that hangs', async () => {
    // The first text must be there by then, also on a slow machine.
    start({ deadlineMs: 4000 });
    writer.add(madeReport(3));
    await writer.settled();
    signal('SIGSTOP');
    writer.add(madeReport(4));
    await writer.settled();
    expect(happened.restarted.map(({ code }) => code)).toEqual(['CHILD_DEADLINE']);
  });

  test('stops at once in the middle of a text', async () => {
    start();
    writer.add(madeReport(3));
    await writer.settled();
    // It cannot be faster than the stop.
    signal('SIGSTOP');
    writer.add(madeReport(4));
    await sleep(20);
    await writer.stop();
    await writer.settled();
    const told = [...happened.written, ...happened.kept.map(({ report }) => report), ...happened.shed];
    expect(told.map(({ id }) => id)).toEqual([madeReport(3).id]);
    expect([...happened.restarted, ...happened.gaveUp]).toEqual([]);
  });
});

test('holds a model that was not made for this to what may be said', async () => {
  const path = spoiled((bytes) => replaced(bytes, 'fieldnote-writer', 'somebody-else-is'));
  start({ modelPath: path, deadlineMs: 60_000 });
  const reports = [3, 4, 5].map((seed) => madeReport(seed));
  for (const report of reports) writer.add(report);
  await writer.settled();
  expect(happened.kept).toEqual([]);
  expect(happened.written.map(({ id }) => id).toSorted()).toEqual(reports.map(({ id }) => id).toSorted());
  for (const report of happened.written) expect(faultsIn(report.text, report)).toEqual([]);
});

test('stops at once while the process may not start yet', async () => {
  let backMs = 0;
  start({ clock: { monoMs: () => performance.now() - backMs } });
  writer.add(madeReport(3));
  await writer.settled();
  signal('SIGKILL');
  await expect.poll(() => happened.restarted.length).toBe(1);
  // As far as the writer knows, the end of the back-off is a quarter of an hour away now.
  backMs = 900_000;
  writer.add(madeReport(4));
  await writer.stop();
  expect(happened.kept).toEqual([]);
});

describe('a model that cannot be used', () => {
  test.each<[string, () => string]>([
    ['is not there', () => join(folder, 'missing.gguf')],
    ['is cut off', () => spoiled((bytes) => bytes.subarray(0, bytes.length / 2))],
    ['is a text', () => spoiled(() => Buffer.from('a model'))],
    ['is empty', () => spoiled(() => Buffer.alloc(0))],
    ['has another architecture', () => spoiled((bytes) => replaced(bytes, 'llama', 'mambo'))],
  ])('%s: the operator is told once and the template goes on', async (_, path) => {
    start({ modelPath: path() });
    for (const seed of [3, 4, 5]) writer.add(madeReport(seed));
    await writer.settled();
    expect(happened.kept.map(({ report }) => report.id).toSorted()).toEqual(
      [3, 4, 5].map((seed) => madeReport(seed).id).toSorted(),
    );
    expect(writer.add(madeReport(6))).toBe(false);
    await writer.settled();
    expect(happened.gaveUp.map(({ code }) => code)).toEqual(['MODEL_INVALID']);
    expect(happened.written).toEqual([]);
    expect(writer.health.gaveUp).toContain('the template goes on');
    expect(writer.pid).toBeUndefined();
  });

  test('says that it wants a huge context: it gets the usual one', async () => {
    const path = spoiled((bytes) => {
      const at = bytes.indexOf('llama.context_length') + 'llama.context_length'.length + 4;
      bytes.writeUInt32LE(0x7fffffff, at);
      return bytes;
    });
    start({ modelPath: path });
    writer.add(madeReport(3));
    await writer.settled();
    expect(happened.written).toHaveLength(1);
    const status = readFileSync(`/proc/${writer.pid}/status`, 'utf8');
    expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(1_000_000);
  });

  test('never ends: the text is cut, refused, and the template stays', async () => {
    // Its end token is one that it never writes.
    const path = spoiled((bytes) => {
      const at = bytes.indexOf('tokenizer.ggml.eos_token_id') + 'tokenizer.ggml.eos_token_id'.length + 4;
      bytes.writeUInt32LE(3, at);
      return replaced(bytes, '</s>', 'over');
    });
    start({ modelPath: path });
    writer.add(madeReport(3));
    await writer.settled();
    expect(happened.written).toEqual([]);
    expect(happened.kept.map(({ faults }) => faults.length)).toEqual([2]);
    expect(happened.restarted).toEqual([]);
  });
});

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from);
  bytes.write(to, at);
  return bytes;
}
