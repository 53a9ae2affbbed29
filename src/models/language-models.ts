import { z } from 'zod';
import known from '../../models/language-models.json' with { type: 'json' };

/** A language model of others that Fieldnote knows by its hash. */
const knownModelSchema = z.strictObject({
  /** What `fieldnote models pull` calls it, and its file. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  about: z.string().min(1),
  sizeBytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the hash is known from. */
  sha256From: z.string().min(1),
  /** Of one commit, so that it never gives another file; absent where nobody offers it as one file. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** SPDX expression, or a name where there is none. */
  licence: z.string().min(1),
  licenceUrl: z.url({ protocol: /^https$/ }),
  /** The licence in a sentence. */
  terms: z.string().min(1),
});

export type KnownModel = z.output<typeof knownModelSchema>;

export const KNOWN_MODELS: readonly KnownModel[] = z.array(knownModelSchema).parse(known);
