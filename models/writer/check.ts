import { readFileSync } from 'node:fs';
import { verify } from '../../src/report/verify.ts';
import { planFrom } from '../../test/support/writer-plans.ts';

/**
 * Reads notes of your own as the verifier of the device will, before a model learns to write what would be refused:
 *
 *     npx node models/writer/check.ts mine.jsonl
 *
 * Names each note that it cannot read, with the place; ends with 1 when there is one.
 */
const [path = ''] = process.argv.slice(2);
const lines = readFileSync(path, 'utf8').trim().split('\n');
for (const [at, line] of lines.entries()) {
  const fault = faultOf(line);
  if (fault === undefined) continue;
  process.exitCode = 1;
  console.log(`${path}:${at + 1} ${fault}`);
}
if (process.exitCode !== 1) console.log(`the verifier reads all ${lines.length} notes`);

function faultOf(line: string): string | undefined {
  try {
    const { prompt, text } = JSON.parse(line);
    const verdict = verify(text, planFrom(prompt));
    return verdict.ok ? undefined : `${verdict.fault}: ${verdict.at}`;
  } catch {
    return 'is no {"prompt": "…", "text": "…"}';
  }
}
