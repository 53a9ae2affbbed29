import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { MirrorLinkOptions } from '../../src/publish/mirror-link.ts';
import { systemClock } from '../../src/system/clock.ts';

/** How a mirror reaches a broker on this machine, with delays a hundredth of the real ones. */
export function mirrorLinkTo(
  port: number,
  name = 'mirror',
): Omit<MirrorLinkOptions, 'subscriptions' | 'willOf' | 'on'> {
  return {
    settings: {
      ...{ url: `mqtt://127.0.0.1:${port}`, clientId: `fieldnote.plant.pump7.${name}` },
      ...{ keepAliveMs: 30_000, ackTimeoutMs: 5000 },
    },
    secrets: async () => ({}),
    versions: [5, '3.1.1'],
    random: () => 0.01,
    clock: systemClock(() => 1),
  };
}

/** A new folder, which goes with the test. */
export function testFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fieldnote-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
