import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { LearnRequests } from '../../src/learn-requests.ts';
import { activateModel, proposeModel } from '../../src/models/active.ts';
import { askToLearnAgain, isAskedToLearnAgain, learningAgain } from '../../src/models/learn-again.ts';
import { writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-requests-'));
afterAll(() => rmSync(root, { recursive: true }));

function pumpWith(...names: ('good' | 'mean')[]) {
  const dataDir = mkdtempSync(join(root, 'data-'));
  const folder = join(dataDir, 'models', 'pump');
  const hashes = names.map((name) => writeMadePackage(folder, name).manifest.sha256);
  return { dataDir, folder, hashes: hashes as [string, ...string[]] };
}

describe('askToLearnAgain', () => {
  test('leaves a request until the learning has begun anew', async () => {
    const { dataDir } = pumpWith();
    expect(await isAskedToLearnAgain(dataDir, 'pump')).toBe(false);
    expect(await askToLearnAgain(dataDir, 'pump')).toBe(false);
    expect(await isAskedToLearnAgain(dataDir, 'pump')).toBe(true);
    await learningAgain(dataDir, 'pump');
    expect(await isAskedToLearnAgain(dataDir, 'pump')).toBe(false);
  });

  test('keeps the model as the previous one, and says no to what is proposed', async () => {
    const { dataDir, folder, hashes } = pumpWith('good', 'mean');
    await activateModel(dataDir, 'pump', hashes[0]);
    await proposeModel(dataDir, 'pump', hashes[1] ?? '');
    expect(await askToLearnAgain(dataDir, 'pump')).toBe(true);
    expect(readFileSync(join(folder, 'previous'), 'utf8')).toBe(`${hashes[0]}\n`);
    const files = readdirSync(folder).filter((name) => name.length < 64);
    expect(files.sort()).toEqual(['again', 'previous']);
  });

  test('is an error when the disk refuses', async () => {
    const { dataDir } = pumpWith();
    writeFileSync(join(dataDir, 'models'), 'no folder');
    await expect(askToLearnAgain(dataDir, 'pump')).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});

describe('LearnRequests', () => {
  function requestsOf(dataDir: string) {
    const again = vi.fn(async () => undefined);
    const proposed = vi.fn();
    const onError = vi.fn();
    const requests = new LearnRequests({ dataDir, asset: 'pump', on: { again, proposed }, onError });
    return { again, proposed, onError, requests };
  }

  test('tells of a proposal once, and when it is gone', async () => {
    const { dataDir, folder, hashes } = pumpWith('good');
    const { proposed, requests } = requestsOf(dataDir);
    await requests.lookForProposal();
    expect(proposed).not.toHaveBeenCalled();
    await proposeModel(dataDir, 'pump', hashes[0]);
    await requests.lookForProposal();
    await requests.lookForProposal();
    expect(requests.proposed).toBe(hashes[0]);
    rmSync(join(folder, 'proposed'));
    await requests.lookForProposal();
    expect(proposed.mock.calls).toEqual([[hashes[0]], [undefined]]);
  });

  test('looks every two seconds of the clock, and asks again until it is done', async () => {
    const { dataDir } = pumpWith();
    const { again, requests } = requestsOf(dataDir);
    await askToLearnAgain(dataDir, 'pump');
    requests.advanceTo(0);
    await vi.waitFor(() => expect(again).toHaveBeenCalledTimes(1));
    requests.advanceTo(1999);
    requests.advanceTo(2000);
    await vi.waitFor(() => expect(again).toHaveBeenCalledTimes(2));
    await learningAgain(dataDir, 'pump');
    requests.advanceTo(4000);
    await requests.lookForProposal();
    expect(again).toHaveBeenCalledTimes(2);
  });

  test('hands over what goes wrong', async () => {
    const { dataDir } = pumpWith();
    const { again, onError, requests } = requestsOf(dataDir);
    again.mockRejectedValue(new Error('the disk is full'));
    await askToLearnAgain(dataDir, 'pump');
    requests.advanceTo(0);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(new Error('the disk is full')));
  });

  test('takes a damaged proposal for none', async () => {
    const { dataDir, folder } = pumpWith('good');
    writeFileSync(join(folder, 'proposed'), 'x');
    expect(await requestsOf(dataDir).requests.lookForProposal()).toBeUndefined();
  });
});
