import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { linkOpener } from '../../src/link/open.ts';
import { LinkRecorder, neverAborted } from '../support/link-recorder.ts';
import { newPath } from '../support/socket-device.ts';

async function openRecording(path: string) {
  const heard = new LinkRecorder();
  const link = await linkOpener({ type: 'file', path })(heard, neverAborted);
  return { heard, link };
}

async function fileOf(content: Uint8Array | string): Promise<string> {
  const path = await newPath('recording.csv');
  await writeFile(path, content);
  return path;
}

describe('a recording', () => {
  test('is read to its end, byte for byte, and closes without an error', async () => {
    const content = randomBytes(300_001);
    const { heard } = await openRecording(await fileOf(content));
    await expect.poll(() => heard.closes).toEqual([undefined]);
    expect(Buffer.concat(heard.chunks).equals(content)).toBe(true);
    expect(heard.chunks.length).toBeGreaterThan(1);
  });

  test('that is empty closes at once', async () => {
    const { heard } = await openRecording(await fileOf(''));
    await expect.poll(() => heard.closes).toEqual([undefined]);
    expect(heard.chunks).toEqual([]);
  });

  test('waits while it is paused, and goes on where it was', async () => {
    const content = randomBytes(1_000_000);
    const { heard, link } = await openRecording(await fileOf(content));
    link.pause();
    await sleep(50);
    expect(heard.sizeBytes).toBeLessThan(content.length);
    expect(heard.closes).toEqual([]);
    link.resume();
    await expect.poll(() => heard.closes).toEqual([undefined]);
    expect(Buffer.concat(heard.chunks).equals(content)).toBe(true);
  });

  test('delivers nothing more once it is closed', async () => {
    const heard = new LinkRecorder();
    const path = await fileOf(randomBytes(1_000_000));
    let closing: Promise<void> | undefined;
    const onBytes = (bytes: Buffer) => {
      heard.onBytes(bytes);
      closing ??= link.close();
    };
    const link = await linkOpener({ type: 'file', path })({ onBytes, onClose: heard.onClose }, neverAborted);
    await expect.poll(() => heard.closes).toEqual([undefined]);
    await closing;
    expect(heard.chunks.length).toBe(1);
  });

  test('takes no bytes and does not mind', async () => {
    const { heard, link } = await openRecording(await fileOf('a,b\n'));
    link.write(Buffer.from('hello'));
    await expect.poll(() => heard.closes).toEqual([undefined]);
    expect(heard.text).toBe('a,b\n');
  });

  test('that is missing is refused with its name', async () => {
    const path = await newPath('missing.csv');
    await expect(openRecording(path)).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
      message: `Cannot read recording ${path}: there is no such file; correct the path`,
    });
  });

  test('that is a folder is refused', async () => {
    const folder = dirname(await fileOf('a'));
    await expect(openRecording(folder)).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
      message: expect.stringContaining('it is a folder'),
    });
  });

  test('that is a named pipe is refused instead of waited for', async () => {
    const path = await newPath('pipe');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    await expect(openRecording(path)).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
      message: expect.stringContaining('no regular file'),
    });
  });

  test('whose disk fails while it is read closes with an error', async () => {
    // Reading the memory of a process from address 0 is an I/O error, as a bad sector is.
    const { heard } = await openRecording('/proc/self/mem');
    await expect.poll(() => heard.closes).toMatchObject([{ code: 'RECORDING_UNREADABLE' }]);
  });
});
