import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pullModel } from '../../src/models/pull.ts';
import { messageOf } from '../../src/system/errors.ts';

/** Pulls a model into a folder, says when bytes came, and, asked to `fill`, takes all room of the disk when they do. */
const [url = '', folder = '', model = '', how = 'well'] = process.argv.slice(2);

function fillDisk(): void {
  const mebibyte = Buffer.alloc(1024 * 1024);
  try {
    for (let file = 0; ; file += 1) writeFileSync(join(folder, `other-${file}`), mebibyte);
  } catch {
    // It is full.
  }
}

try {
  await pullModel({
    ...{ model: JSON.parse(model), origin: { url }, folder, nowMs: 0 },
    patience: { silenceMs: 60_000, retryMs: 1 },
    onProgress: () => {
      if (how === 'fill') fillDisk();
      else writeSync(1, 'bytes\n');
    },
  });
} catch (error) {
  writeSync(1, messageOf(error));
}
