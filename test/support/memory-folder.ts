import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Removed after the test. In memory, where there is some: for what waits for the disk many times. */
export function folderInMemory(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fieldnote-update-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
