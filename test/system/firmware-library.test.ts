import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newFolder } from '../support/daemon.ts';
import { needsCommand } from '../support/needs.ts';

const RUN = join(import.meta.dirname, '../../firmware-bridge/test/run.sh');

const hasPrograms = [
  ...['g++', 'python3', 'cmake', 'clang', 'cppcheck', 'simavr', 'qemu-system-arm'].map((name) =>
    needsCommand(name),
  ),
  needsCommand('avr-gcc', 'gcc-avr avr-libc arduino-core-avr'),
  needsCommand('arm-none-eabi-gcc', 'gcc-arm-none-eabi libnewlib-arm-none-eabi'),
].every(Boolean);

describe.runIf(hasPrograms)('firmware-bridge', () => {
  test('passes its own tests, and its committed firmware is what it builds to', async () => {
    await using folder = await newFolder();
    const child = spawn('sh', [RUN, folder.path], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    onTestFinished(() => killGroup(child.pid));
    let figures = '';
    let story = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      figures += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      story += text;
    });
    const [exitCode] = await once(child, 'close');
    console.log(figures);
    expect(exitCode, story).toBe(0);
  }, 240_000);
});

/** Ends what the script has started and not waited for, should it be cut short. */
function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}
