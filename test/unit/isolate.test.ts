import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { IsolatedProcess } from '../../src/isolate/isolated-process.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';
import type { OddRequest } from '../support/odd-child.ts';

const ODD_CHILD = new URL('../support/odd-child.ts', import.meta.url);
const STILLBORN_CHILD = new URL('../support/stillborn-child.ts', import.meta.url);
const DEADLINE_MS = 10_000;

const running: IsolatedProcess<OddRequest, unknown>[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.stop()));
});

/** An isolated odd child, the reasons of its restarts, and a way over its back-off. */
function isolated(module = ODD_CHILD) {
  const restarts: FieldnoteError[] = [];
  let skippedMs = 0;
  const child = new IsolatedProcess<OddRequest, unknown>({
    name: 'odd',
    module,
    heapSizeMaxMiB: 64,
    clock: { monoMs: () => performance.now() + skippedMs },
    random: () => 1,
    onRestart: (reason) => restarts.push(reason),
  });
  running.push(child);
  const skip = (ms: number) => {
    skippedMs += ms;
  };
  const comesBack = async () => {
    skip(60_000);
    await child.backOffOver();
    return child.ask({ action: 'echo', value: 'back' }, DEADLINE_MS);
  };
  return { child, restarts, skip, comesBack };
}

function isAlive(pid: number | undefined): boolean {
  return existsSync(`/proc/${pid}`);
}

async function gone(pid: number | undefined): Promise<void> {
  await expect.poll(() => isAlive(pid), { timeout: DEADLINE_MS }).toBe(false);
}

describe('an isolated process', () => {
  test('starts at the first request', async () => {
    const { child } = isolated();
    expect(child.pid).toBeUndefined();
    expect(await child.ask({ action: 'echo', value: 7 }, DEADLINE_MS)).toBe(7);
    expect(isAlive(child.pid)).toBe(true);
  });

  test('answers requests asked at once, one after the other and each its own', async () => {
    const { child } = isolated();
    const values = Array.from({ length: 16 }, (_, i) => i);
    const answers = values.map((value) => child.ask({ action: 'echo', value }, DEADLINE_MS));
    expect(await Promise.all(answers)).toEqual(values);
  });

  test('refuses more requests than may wait, and answers those that wait', async () => {
    const { child } = isolated();
    const answers = Array.from({ length: 17 }, () => child.ask({ action: 'echo', value: 1 }, DEADLINE_MS));
    await expect(answers.at(-1)).rejects.toMatchObject({ code: 'CHILD_FAILED' });
    expect(await Promise.all(answers.slice(0, 16))).toEqual(Array(16).fill(1));
    expect(await child.ask({ action: 'echo', value: 2 }, DEADLINE_MS)).toBe(2);
  });

  test('carries a window of the largest size', async () => {
    const { child } = isolated();
    const answer = await child.ask({ action: 'echo', value: new Float32Array(200_000).fill(2) }, DEADLINE_MS);
    expect(answer).toEqual(new Float32Array(200_000).fill(2));
  });

  test('sees nothing of the environment of the daemon', async () => {
    const { child } = isolated();
    expect(await child.ask({ action: 'environment' }, DEADLINE_MS)).toEqual([]);
  });

  test.skipIf(!existsSync('/proc/self/oom_score_adj'))('goes first when memory runs out', async () => {
    const { child } = isolated();
    await child.ask({ action: 'echo' }, DEADLINE_MS);
    expect(readFileSync(`/proc/${child.pid}/oom_score_adj`, 'utf8').trim()).toBe('800');
  });

  test('hands on an error of its work and lives on', async () => {
    const { child, restarts } = isolated();
    const failing = child.ask({ action: 'throw', value: `no such file ${'x'.repeat(5000)}` }, DEADLINE_MS);
    await expect(failing).rejects.toMatchObject({ code: 'CHILD_FAILED' });
    await expect(failing).rejects.toThrow(/^the odd process \d+ failed: no such file x{900,1000}$/);
    expect(await child.ask({ action: 'echo', value: 1 }, DEADLINE_MS)).toBe(1);
    expect(restarts).toEqual([]);
  });

  test.each([
    ['crash', /SIGSEGV/],
    ['abort', /SIGABRT/],
    ['exit', /exit status 3/],
    ['eat memory', /SIGABRT|heap out of memory/],
    ['garbage', /sent garbage and was killed/],
    ['unknown id', /an answer to no request/],
    ['no object', /an answer to no request/],
    ['flood', /an answer to no request/],
    ['endless frame', /4294967295 bytes is over 1048576/],
    ['large answer', /is over 1048576/],
    ['no value', /could not be cloned/],
    ['close channel', /SIGKILL/],
  ] as const)('is started again after: %s', async (action, message) => {
    const { child, restarts, comesBack } = isolated();
    await child.ask({ action: 'echo' }, DEADLINE_MS);
    const { pid } = child;
    const lost = child.ask({ action }, DEADLINE_MS);
    await expect(lost).rejects.toMatchObject({ code: 'CHILD_DEAD', context: { pid } });
    await expect(lost).rejects.toThrow(message);
    await gone(pid);
    expect(restarts).toHaveLength(1);
    expect(await comesBack()).toBe('back');
    expect(restarts).toHaveLength(1);
  });

  test.each(['hang', 'block'] as const)('is killed when it gives no answer in time: %s', async (action) => {
    const { child, restarts, comesBack } = isolated();
    await child.ask({ action: 'echo' }, DEADLINE_MS);
    const { pid } = child;
    await expect(child.ask({ action }, 100)).rejects.toMatchObject({
      code: 'CHILD_DEADLINE',
      context: { pid },
    });
    await gone(pid);
    expect(restarts.map(({ code }) => code)).toEqual(['CHILD_DEADLINE']);
    expect(await comesBack()).toBe('back');
  });

  test('answers in time although the daemon itself was busy past the deadline', async () => {
    const { child } = isolated();
    await child.ask({ action: 'echo' }, DEADLINE_MS);
    const answer = child.ask({ action: 'echo', value: 'in time' }, 300);
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 600;
    while (performance.now() < until);
    expect(await answer).toBe('in time');
  });

  test('is started again when it dies without a request', async () => {
    const { child, restarts, comesBack } = isolated();
    await child.ask({ action: 'echo' }, DEADLINE_MS);
    process.kill(child.pid as number, 'SIGKILL');
    await expect.poll(() => restarts, { timeout: DEADLINE_MS }).toHaveLength(1);
    expect(await comesBack()).toBe('back');
  });

  test('keeps the last 2 KiB that it wrote before it died', async () => {
    const { child } = isolated();
    const dying = child.ask({ action: 'exit', value: `${'early '.repeat(2000)}the reason` }, DEADLINE_MS);
    await expect(dying).rejects.toThrow(/exit status 3\); it wrote: (.|\n){1900,2048}the reason$/);
  });

  test('refuses at once while it is in back-off, and says that nobody saw the request', async () => {
    const { child, restarts } = isolated();
    await expect(child.ask({ action: 'exit' }, DEADLINE_MS)).rejects.toMatchObject({ code: 'CHILD_DEAD' });
    const refused = child.ask({ action: 'echo' }, DEADLINE_MS);
    await expect(refused).rejects.toMatchObject({ code: 'CHILD_DEAD', context: { pid: undefined } });
    await expect(refused).rejects.toThrow(/is down; it may start in \d+ ms/);
    expect(restarts).toHaveLength(1);
  });

  test('can be waited for until its back-off is over', async () => {
    const { child } = isolated();
    await expect(child.ask({ action: 'exit' }, DEADLINE_MS)).rejects.toMatchObject({ code: 'CHILD_DEAD' });
    await child.backOffOver();
    expect(await child.ask({ action: 'echo', value: 'back' }, DEADLINE_MS)).toBe('back');
  });

  test('does not spin when it dies at each start', async () => {
    const { child, restarts, skip } = isolated(STILLBORN_CHILD);
    for (let second = 0; second < 20; second++) {
      await expect(child.ask({ action: 'echo' }, DEADLINE_MS)).rejects.toMatchObject({ code: 'CHILD_DEAD' });
      skip(1000);
    }
    // At 0, 0.5, 1.5, 3.5, 7.5 and 15.5 s, each a little later for the time that the start took.
    expect(restarts.length).toBeGreaterThanOrEqual(3);
    expect(restarts.length).toBeLessThanOrEqual(6);
    expect(restarts[0]?.message).toMatch(/exit status 3\); it wrote: the library is missing$/);
  });

  test('says why it could not be started', async () => {
    const { child, restarts, comesBack } = isolated();
    const { execPath } = process;
    process.execPath = '/nowhere/node';
    try {
      await expect(child.ask({ action: 'echo' }, DEADLINE_MS)).rejects.toThrow(
        /could not be started: .*ENOENT/,
      );
    } finally {
      process.execPath = execPath;
    }
    expect(restarts).toHaveLength(1);
    expect(await comesBack()).toBe('back');
  });

  test('refuses a request that cannot be sent, and lives on', async () => {
    const { child, restarts } = isolated();
    await expect(child.ask({ action: 'echo', value: () => 1 }, DEADLINE_MS)).rejects.toThrow(/cloned/);
    expect(await child.ask({ action: 'echo', value: 1 }, DEADLINE_MS)).toBe(1);
    expect(restarts).toEqual([]);
  });

  test('is gone when stop returns, and takes no more requests', async () => {
    const { child, restarts } = isolated();
    await child.ask({ action: 'echo' }, DEADLINE_MS);
    const { pid } = child;
    const interrupted = child.ask({ action: 'block' }, DEADLINE_MS);
    const refusal = expect(interrupted).rejects.toThrow(/was stopped/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await child.stop();
    expect(isAlive(pid)).toBe(false);
    await refusal;
    await expect(child.ask({ action: 'echo' }, DEADLINE_MS)).rejects.toThrow(/was stopped/);
    expect(restarts).toEqual([]);
  });

  test('goes when the daemon is killed', async () => {
    const script = `
      import { IsolatedProcess } from ${JSON.stringify(new URL('../../src/isolate/isolated-process.ts', import.meta.url).href)};
      const child = new IsolatedProcess({
        name: 'odd', module: new URL(${JSON.stringify(ODD_CHILD.href)}), clock: { monoMs: () => 0 },
        heapSizeMaxMiB: 64, random: () => 1, onRestart() {},
      });
      await child.ask({ action: 'echo' }, 10_000);
      console.log(child.pid);`;
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const pid = Number(await new Promise((resolve) => daemon.stdout.once('data', resolve)));
    expect(isAlive(pid)).toBe(true);
    daemon.kill('SIGKILL');
    // Whoever inherits it may take its time to reap it (state Z).
    const stateOf = () => (isAlive(pid) ? readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] : 'gone');
    await expect.poll(stateOf, { timeout: DEADLINE_MS }).toMatch(/^(Z|gone)$/);
  });
});
