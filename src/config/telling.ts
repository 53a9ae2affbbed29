import { z } from 'zod';
import { duration } from './duration.ts';
import { whileChannel } from './names.ts';

/** How what happened is told. */

export const digest = z
  .strictObject({
    at: z
      .array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of the day such as "06:00"'))
      .max(24)
      .default([])
      .describe(
        'Times of the local day at which a digest tells what happened since the last one, such as the ends of the shifts. ' +
          'Where nobody knows the time, after as much running.',
      ),
    afterOffline: duration('1s', '365d')
      .prefault('1h')
      .describe(
        'When a link returns after so long, a digest of that time goes before everything that waits.',
      ),
  })
  .prefault({});

export const llm = z.strictObject({
  model: z
    .string()
    .startsWith('/')
    .describe('GGUF file: the one that ships in models/writer, one made by its recipe, or any other model.'),
  deadline: duration('100ms', '1h')
    .prefault('1min')
    .describe('A text that is not there by then is given up, and the process of the model with it.'),
  idleAfter: duration('1s', '1d')
    .prefault('2min')
    .describe('The process of the model ends when it had nothing to write for so long.'),
  pause: z
    .strictObject({
      heatMaxC: z
        .number()
        .min(0)
        .max(150)
        .default(80)
        .describe('Over this heat of the device nothing is written, °C.'),
      memoryMinMiB: z.int().min(0).default(200).describe('With less free memory nothing is written, MiB.'),
      batteryMinPercent: z
        .number()
        .min(0)
        .max(100)
        .default(30)
        .describe('With less charge in a battery that is not being charged nothing is written, %.'),
      whileChannel: whileChannel(
        'Source and name of a channel: while it is over `above` nothing is written, such as fc.vehicle.armed. Its last value ' +
          'stands; before its first one nothing is written either.',
      ).optional(),
    })
    .prefault({}),
});
