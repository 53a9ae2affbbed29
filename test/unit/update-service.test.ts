import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemdService } from '../../src/update/service.ts';
import { folderInMemory } from '../support/memory-folder.ts';

/** The service as a script in the place of systemctl tells it; the real one runs on the booted image. */
function serviceWith(script: string) {
  const folder = folderInMemory();
  const systemctl = join(folder, 'systemctl');
  const calls = join(folder, 'calls');
  writeFileSync(systemctl, `#!/bin/sh\necho "$@" >> ${calls}\n${script}\n`);
  chmodSync(systemctl, 0o755);
  const called = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
  return { service: systemdService(systemctl), called };
}

describe('the service, as systemd tells it', () => {
  test('has a state, an invocation and restarts, in whatever order', async () => {
    const { service } = serviceWith(
      "printf 'NRestarts=3\\nInvocationID=0123abcd\\nActiveState=activating\\n'",
    );
    expect(await service.state()).toEqual({ active: 'activating', invocation: '0123abcd', restarts: 3 });
  });

  test('that was never started has no invocation', async () => {
    const { service } = serviceWith("printf 'ActiveState=inactive\\nInvocationID=\\nNRestarts=0\\n'");
    expect(await service.state()).toEqual({ active: 'inactive', invocation: '', restarts: 0 });
  });

  test('is started again with its count of restarts at zero, and not waited for', async () => {
    const { service, called } = serviceWith('');
    await service.restart();
    expect(called()).toEqual(['reset-failed fieldnote.service', 'restart --no-block fieldnote.service']);
  });

  test('is started again although there was no failure to forget', async () => {
    const { service, called } = serviceWith('[ "$1" != reset-failed ]');
    await service.restart();
    expect(called()).toHaveLength(2);
  });

  test('that systemd does not start, or does not know, is a failure that says what was asked', async () => {
    const { service } = serviceWith('echo "Unit not found." >&2; exit 5');
    const failure = { code: 'UPDATE_FAILED', message: expect.stringContaining('Unit not found') };
    await expect(service.restart()).rejects.toMatchObject(failure);
    await expect(service.state()).rejects.toMatchObject(failure);
  });
});
