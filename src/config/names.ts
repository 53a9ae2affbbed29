import { z } from 'zod';

/** Keys become topic levels, file names and counter labels, so they are kept plain. */
export const key = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 _ - and start with a letter or digit');

/** A channel over a threshold, such as that a vehicle is armed. */
export const whileChannel = (what: string) =>
  z.strictObject({
    from: channelFrom.describe(what),
    above: z.number().default(0.5).describe('For a channel that is 0 or 1 the default fits.'),
  });

export const channelFrom = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*\..+$/, 'must be <source>.<name in the data>, such as mcu.vib1');
