import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/source-tree.ts';

/**
 * Keys of [Service] that `systemd-analyze verify` of systemd 247 (Debian 11) takes from this unit without a word; so does 249
 * of Ubuntu 22.04, under JetPack 6. A new key belongs here once an old systemd was asked, or its drop-in makes up for it.
 */
const KNOWN_TO_247 = [
  ...['Type', 'NotifyAccess', 'ExecStart', 'RestartPreventExitStatus', 'Restart', 'RestartSec', 'KillMode'],
  ...[
    'TimeoutStartSec',
    'TimeoutStopSec',
    'WatchdogSec',
    'WatchdogSignal',
    'Environment',
    'WorkingDirectory',
  ],
  ...[
    'User',
    'Group',
    'SupplementaryGroups',
    'StateDirectory',
    'StateDirectoryMode',
    'UMask',
    'LoadCredential',
  ],
  ...[
    'MemoryHigh',
    'MemoryMax',
    'MemorySwapMax',
    'OOMPolicy',
    'OOMScoreAdjust',
    'TasksMax',
    'CPUWeight',
    'IOWeight',
  ],
  ...['LimitNOFILE', 'LimitCORE', 'NoNewPrivileges', 'CapabilityBoundingSet', 'AmbientCapabilities'],
  ...[
    'ProtectSystem',
    'ProtectHome',
    'ProtectProc',
    'ProtectClock',
    'ProtectHostname',
    'ProtectControlGroups',
  ],
  ...['ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables', 'PrivateTmp', 'PrivateUsers'],
  ...[
    'PrivateMounts',
    'RemoveIPC',
    'RestrictNamespaces',
    'RestrictRealtime',
    'RestrictSUIDSGID',
    'LockPersonality',
  ],
  ...['RestrictAddressFamilies', 'SystemCallArchitectures', 'SystemCallFilter', 'SystemCallErrorNumber'],
  ...['DevicePolicy', 'DeviceAllow'],
];

/** What came with 254. It says so and goes on without; the drop-in waits longer and names the credentials. */
const NEWER = ['RestartSteps', 'RestartMaxDelaySec', 'ImportCredential'];

/** Keys of [Service], those that are commented out included when the file is one to be filled in. */
function keysOf(name: string): string[] {
  const text = readFileSync(join(root, 'deploy/systemd', name), 'utf8');
  const [, service = ''] = /^\[Service\]\n([\s\S]*?)(?=^\[|$(?![\s\S]))/m.exec(text) ?? [];
  return [...new Set([...service.matchAll(/^#?([A-Z][A-Za-z]+)=/gm)].map(([, key = '']) => key))];
}

describe('the unit under an old systemd', () => {
  test('has no key that it does not know, but three', () => {
    expect(keysOf('fieldnote.service').length).toBeGreaterThan(50);
    expect(
      keysOf('fieldnote.service')
        .filter((key) => !KNOWN_TO_247.includes(key))
        .sort(),
    ).toEqual(NEWER.sort());
  });

  test('has a drop-in for it that uses only what it knows', () => {
    expect(keysOf('jetpack6.conf')).toEqual(['RestartSec', 'LoadCredential']);
    expect(KNOWN_TO_247).toEqual(expect.arrayContaining(keysOf('jetpack6.conf')));
  });
});
