import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** `&a [*b, *b]` nested a few times would otherwise unfold to gigabytes. */
const ALIASES_MAX = 100;

const identity = z.object({
  site: z.string().catch(''),
  node: z.string().catch(''),
  dataDir: z.string().catch('/var/lib/fieldnote'),
});
/** Who a device is, as far as updates go. */
export type Identity = z.infer<typeof identity>;

/**
 * Reads no more of a configuration than that, so that the updater knows its device also after an agent that is newer than
 * the updater has brought a configuration with keys of its own. Empty names where there are none.
 */
export function identityOf(configurationPath: string): Identity {
  try {
    return identity.parse(parse(readFileSync(configurationPath, 'utf8'), { maxAliasCount: ALIASES_MAX }));
  } catch {
    return identity.parse({});
  }
}
