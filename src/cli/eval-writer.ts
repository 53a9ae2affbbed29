import { readFile, writeFile } from 'node:fs/promises';
import { tryWriter, writerTable } from '../eval/writer.ts';
import { type Remarks, samplesPage } from '../eval/writer-samples.ts';
import { FieldnoteError } from '../system/errors.ts';

export interface EvalWriterOptions {
  readonly count: string;
  /** Page of samples. */
  readonly out?: string;
}

/** `fieldnote eval writer`: how often a language model writes what the facts say, and how fast. */
export async function evalWriterCommand(path: string, { count, out }: EvalWriterOptions): Promise<void> {
  if (!/^[1-9]\d{0,5}$/.test(count))
    throw new FieldnoteError('BAD_ARGUMENT', `--count ${count} must be a whole number from 1 to 999999`);
  const figures = await tryWriter({ path, count: Number(count) });
  if (out !== undefined) await writeFile(out, samplesPage(figures, await remarksBeside(out)));
  process.stdout.write(writerTable(figures));
}

/** What people found who read samples, kept in `<page>-read.json`, so that it survives the making of the page. */
async function remarksBeside(out: string): Promise<Remarks> {
  const remarks = await readFile(out.replace(/(?:\.md)?$/, '-read.json'), 'utf8').catch(() => '{}');
  return JSON.parse(remarks) as Remarks;
}
