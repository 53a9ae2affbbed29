import { rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recallRequest, SOCKET_NAME } from '../../src/asking.ts';
import { readBeside } from '../../src/store/read-beside.ts';
import { recall } from '../../src/store/recall.ts';
import { digestSchema } from '../../src/values/digest.ts';
import type { Report } from '../../src/values/report.ts';
import { runFieldnote, writeConfig } from '../support/daemon.ts';
import { reportAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';

interface Printed {
  readonly hasRecord: boolean;
  readonly text: string;
  readonly digest: unknown;
  readonly reports: readonly Report[];
}

/** A plant whose daemon has reported one incident from its opening to its end. */
async function plantWithIncident() {
  const plant = await setUpPlant();
  const daemon = await plant.startWatching();
  plant.machine.isFaulty = true;
  await reportAt(plant.broker, ({ data }) => data.event === 'opened');
  plant.machine.isFaulty = false;
  const { data: closed } = await reportAt(plant.broker, ({ data }) => data.event === 'closed');
  const configPath = join(plant.folder, 'fieldnote.yaml');
  const ask = (question: string, ...options: string[]) =>
    runFieldnote('ask', question, '--config', configPath, ...options);
  const answer = async (question: string): Promise<Printed> =>
    JSON.parse((await ask(question, '--json')).stdout);
  const end = () => plant[Symbol.asyncDispose]();
  return { plant, daemon, closed, ask, answer, [Symbol.asyncDispose]: end };
}

/** Sends raw bytes to the daemon and gives what comes back until it hangs up. */
async function sent(path: string, bytes: string): Promise<string> {
  const socket = connect(path);
  socket.end(bytes);
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  // It may hang up in the middle of what is sent.
  socket.on('error', () => socket.destroy());
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}

describe('fieldnote ask', { timeout: 120_000 }, () => {
  test('gives the same answer while the daemon runs, after it was stopped, and after it was killed', async () => {
    await using asked = await plantWithIncident();
    const { plant, daemon, closed, ask, answer } = asked;
    const question = 'what happened to the feed pump in the last 3 hours?';
    const running = await answer(question);
    expect(running.hasRecord).toBe(true);
    expect(running.reports.map(({ id, revision }) => ({ id, revision }))).toEqual([
      { id: closed.id, revision: closed.revision },
    ]);
    expect(digestSchema.parse(running.digest)).toMatchObject({
      counts: { incidents: 1, machine: 1, critical: 1, open: 0 },
      restsOn: [{ id: closed.id, revision: closed.revision }],
    });
    expect(running.text).toContain(
      '1 incident: 1 critical; 1 of a machine. Feed pump 7: critical, over after',
    );
    expect(await daemon.stop()).toBe(0);
    const stopped = await answer(question);
    expect(stopped.reports).toEqual(running.reports);
    const again = plant.start();
    await again.logged(/^watching pump/);
    await again.kill();
    // It has left its socket behind.
    expect(statSync(join(plant.dataDir, SOCKET_NAME)).isSocket()).toBe(true);
    expect((await answer(question)).reports).toEqual(running.reports);
    const { stdout, exitCode } = await ask(question);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Understood: all incidents of Feed pump 7, from .* to .* \(.+\).*\.\n\n/);
    expect(stdout).toContain(`It rests on:\n  ${closed.id} revision ${closed.revision}, `);
    expect(stdout).toContain(closed.text);
  });

  test('changes nothing in the store of a daemon that does not run, and lets it start meanwhile', async () => {
    await using asked = await plantWithIncident();
    const { plant, daemon, answer, closed } = asked;
    await daemon.stop();
    const path = join(plant.dataDir, 'fieldnote.db');
    const before = statSync(path);
    await answer('what is open?');
    expect(statSync(path).mtimeMs).toBe(before.mtimeMs);
    let again: ReturnType<typeof plant.start> | undefined;
    readBeside(plant.dataDir, (database) => {
      again = plant.start();
      // It comes to its store while this reads, and waits.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
      expect(recall(database, null).reports).toHaveLength(1);
    });
    await again?.logged(/^watching pump/);
    expect((await answer('the latest incident')).reports[0]?.id).toBe(closed.id);
  });

  test('says when it has no record, when it does not understand, and what it knows', async () => {
    await using plant = await setUpPlant();
    const configPath = writeConfig(plant.folder, plant.config);
    const ask = (question: string) => runFieldnote('ask', question, '--config', configPath);
    const nothing = await ask('what happened last night?');
    expect(nothing).toMatchObject({ exitCode: 0, stderr: '' });
    expect(nothing.stdout).toMatch(
      /^Understood: all incidents of all assets, from .*\n\nI have no record of that\.\n$/,
    );
    expect(await ask('what happened to compressor9 today?')).toMatchObject({
      exitCode: 2,
      stderr: 'fieldnote: I know nothing called "compressor9": the configuration has pump (Feed pump 7)\n',
    });
    expect(await ask('purple elephants')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'I do not understand the question: ask what happened, to which asset, and when',
      ),
    });
    expect(await ask('what happened tomorrow?')).toMatchObject({
      exitCode: 2,
      stderr: 'fieldnote: that lies ahead: I only know what was reported\n',
    });
  });

  test('the daemon answers nobody else, and survives whatever comes', async () => {
    await using asked = await plantWithIncident();
    const { plant, answer } = asked;
    const path = join(plant.dataDir, SOCKET_NAME);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await sent(path, '{"recall":1}\n'))).toHaveProperty('error');
    expect(JSON.parse(await sent(path, 'nonsense\n'))).toHaveProperty('error');
    expect(await sent(path, 'x'.repeat(100_000))).toBe('');
    expect(await sent(path, '')).toBe('');
    expect(recallRequest.safeParse({ recall: null, more: 1 }).success).toBe(false);
    expect((await answer('what happened today or yesterday?')).reports.length).toBeGreaterThanOrEqual(0);
    rmSync(path);
    // The daemon has its store open, and nobody can ask it.
    const { exitCode, stderr } = await runFieldnote(
      'ask',
      'anything today?',
      '--config',
      join(plant.folder, 'fieldnote.yaml'),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain('in use by another process');
  });
});
