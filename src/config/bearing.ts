import { z } from 'zod';

/** A rolling bearing whose vibration comes in bursts, as a device of firmware-bridge sends them. */
export const bearing = z.strictObject({
  name: z.string().min(1).max(48).optional().describe('Name for people; the key when absent.'),
  from: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*\..+$/, 'must be <source>.<waveform in the data>, such as mcu.shaker.z')
    .describe('Source and the waveform that hears the bearing: <source>.<name>.'),
  shaft: z
    .strictObject({
      rpm: z.number().min(0.1).max(1e6).optional().describe('Its speed, if that is fixed, in 1/min.'),
      channel: z
        .string()
        .optional()
        .describe('Instead: channel of the asset that measures its speed, in 1/min or Hz.'),
    })
    .refine(
      ({ rpm, channel }) => (rpm === undefined) !== (channel === undefined),
      'needs either rpm or channel',
    )
    .describe('The shaft that turns in it.'),
  geometry: z
    .strictObject({
      balls: z.int().min(3).max(200).describe('Number of balls or rollers in one row.'),
      ballDiameterMm: z.number().min(0.1).max(1000).describe('Diameter of a ball, mm.'),
      pitchDiameterMm: z
        .number()
        .min(0.1)
        .max(10_000)
        .describe('Diameter of the circle through the middles of the balls, mm.'),
      contactAngleDeg: z.number().min(0).max(90).default(0).describe('Contact angle, °.'),
    })
    .refine(
      ({ ballDiameterMm, pitchDiameterMm }) => ballDiameterMm < pitchDiameterMm,
      'has balls that are larger than their circle',
    )
    .describe('What the maker of the bearing gives.'),
  bursts: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('How many of the latest bursts are judged together: one is weak evidence.'),
  model: z
    .string()
    .startsWith('/')
    .optional()
    .describe('Folder of another model package than the one that ships in models/bearing.'),
});

export type BearingConfig = z.output<typeof bearing>;

/** Parts of a configuration that may be wrong in themselves. */
export type BearingParts = Record<
  string,
  { readonly from?: unknown; readonly shaft?: { readonly channel?: unknown } } | undefined
>;

export interface KnownKeys {
  readonly sources: readonly string[];
  /** Of the asset; undefined when only its device knows them. */
  readonly channels: readonly string[] | undefined;
}

/** What the bearings of an asset say about other keys. */
export function checkBearings(
  bearings: BearingParts,
  { sources, channels }: KnownKeys,
  faultAt: (path: readonly string[], message: string, input?: unknown) => void,
): void {
  for (const [key, { from, shaft } = {}] of Object.entries(bearings)) {
    const source = typeof from === 'string' ? from.slice(0, Math.max(0, from.indexOf('.'))) : '';
    const known = sources.join(', ') || 'none is configured';
    if (source !== '' && !sources.includes(source))
      faultAt(['bearings', key, 'from'], `names no source (sources: ${known})`, from);
    const channel = shaft?.channel;
    const isKnown = typeof channel !== 'string' || channels === undefined || channels.includes(channel);
    if (!isKnown)
      faultAt(
        ['bearings', key, 'shaft', 'channel'],
        `names no channel of the asset (channels: ${channels.join(', ')})`,
        channel,
      );
  }
}
