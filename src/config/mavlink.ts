import { z } from 'zod';

/** What a user may say about a vehicle that speaks MAVLink. */
export const mavlink = z.strictObject({
  system: z
    .int()
    .min(1)
    .max(255)
    .optional()
    .describe('System id of the vehicle, where several are on the link; otherwise the lowest that is heard.'),
  request: z
    .boolean()
    .default(false)
    .describe(
      'Send a heartbeat each second as the onboard computer, and ask the autopilot for the messages that are of use. ' +
        'Nothing is ever sent without it.',
    ),
  signingKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File with the 32 bytes of the signing key, or as 64 hexadecimal digits: a whole path, or the bare name of a ' +
        'systemd credential. With it packets that are not signed are refused, and what is sent is signed.',
    ),
});
