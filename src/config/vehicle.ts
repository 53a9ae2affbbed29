import { z } from 'zod';
import { NUMBERED_MAX } from '../values/flight-channels.ts';
import { STEADY_PHASES } from '../values/flight-phase.ts';
import { FRAMES, type Frame } from '../values/frame.ts';
import { key } from './names.ts';

/** A vehicle that flies: its autopilot is a source that speaks the vocabulary of src/values/flight-channels.ts. */

export const vehicle = z.strictObject({
  source: key.describe('Source of its autopilot.'),
  frame: z
    .enum([...(Object.keys(FRAMES) as Frame[]), 'other'])
    .default('quad-x')
    .describe('Where its motors are, for telling which one failed; other: none is told.'),
  motors: z
    .array(z.int().min(1).max(NUMBERED_MAX))
    .min(1)
    .max(NUMBERED_MAX)
    .refine((outputs) => new Set(outputs).size === outputs.length, 'names an output twice')
    .optional()
    .describe(
      'Outputs of the autopilot that the motors are at, in the order of their numbers; 1, 2, … when absent.',
    ),
  phases: z
    .array(z.enum(STEADY_PHASES))
    .min(1)
    .default([...STEADY_PHASES])
    .describe('Phases of flight in which its normal is learned and judged; the rest of the time nothing is.'),
});

export type VehicleConfig = z.output<typeof vehicle>;

/** Outputs that the motors of a vehicle are at, the first motor first. */
export function motorOutputs({ frame, motors }: VehicleConfig): readonly number[] {
  return motors ?? armsOf(frame).map((_, index) => index + 1);
}

/** Directions of its arms, the first motor first; none when nobody has said where they are. */
export function motorArmsDeg({ frame }: VehicleConfig): readonly number[] {
  return armsOf(frame);
}

function armsOf(frame: VehicleConfig['frame']): readonly number[] {
  return frame === 'other' ? [] : FRAMES[frame];
}
