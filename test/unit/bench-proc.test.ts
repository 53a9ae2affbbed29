import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { childrenOf, cpuMsIn, cpuMsOf, rssMiBIn, rssMiBOf } from '../../bench/proc.ts';

const STAT = '4711 (node) S 1 4711 4711 0 -1 4194304 9000 0 12 0 250 75 3 4 20 0 11 0 5000 1000000 10000';

describe('cpuMsIn', () => {
  test('adds user and system time, but not that of ended children', () => {
    expect(cpuMsIn(STAT)).toBe(3250);
  });

  test('is not misled by the name of a command', () => {
    expect(cpuMsIn(STAT.replace('(node)', '(a) S 9 9 (b c)'))).toBe(3250);
  });
});

describe('rssMiBIn', () => {
  test('reads the memory in RAM, not the peak or a part', () => {
    expect(rssMiBIn('VmHWM:\t 99999 kB\nVmRSS:\t  43008 kB\nRssAnon:\t  1024 kB\n')).toBe(42);
  });

  test('of a process that has ended is no number', () => {
    expect(rssMiBIn('Name:\tnode\nState:\tZ (zombie)\n')).toBeNaN();
  });
});

describe.runIf(process.platform === 'linux')('this process', () => {
  test('has used about as much CPU as Node says', () => {
    const { user, system } = process.cpuUsage();
    expect(Math.abs(cpuMsOf(process.pid) - (user + system) / 1000)).toBeLessThan(100);
  });

  test('has about as much memory as Node says', () => {
    const rssMiB = process.memoryUsage.rss() / 1024 ** 2;
    expect(rssMiBOf(process.pid) / rssMiB).toBeCloseTo(1, 0);
  });

  test('sees a child while it lives', async () => {
    const child = spawn('sleep', ['60']);
    expect(childrenOf(process.pid)).toContain(child.pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(childrenOf(process.pid)).not.toContain(child.pid);
  });
});
