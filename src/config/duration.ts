import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration such as "500ms", "30s", "10min", "2h", "1d"; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|min|h|d)$/.exec(text);
  return match?.[1] && match[2] ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}

/** A schema of durations between two, as text; its value is in milliseconds. */
export function duration(minText: string, maxText: string) {
  const minMs = durationMs(minText) ?? 0;
  const maxMs = durationMs(maxText) ?? Number.POSITIVE_INFINITY;
  const expected = `must be a duration from ${minText} to ${maxText}, such as "${minText}" (units: ms, s, min, h, d)`;
  return z.string({ error: expected }).transform((text, context) => {
    const ms = durationMs(text);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    context.addIssue(expected);
    return z.NEVER;
  });
}
