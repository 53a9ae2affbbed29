import { FieldnoteError } from '../system/errors.ts';

/** What a command ends with (sysexits.h for the configuration, so that systemd can tell it from a crash). */
export const EXIT = { done: 0, failed: 1, badArguments: 2, badConfiguration: 78 } as const;

/** The exit code that belongs to an error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof FieldnoteError)) return EXIT.failed;
  if (error.code === 'CONFIG_INVALID' || error.code === 'CONFIG_UNREADABLE') return EXIT.badConfiguration;
  if (error.code === 'SECRET_UNREADABLE' || error.code === 'PROFILE_INVALID') return EXIT.badConfiguration;
  return error.code === 'BAD_ARGUMENT' ? EXIT.badArguments : EXIT.failed;
}

/** What a person reads: the message of an expected failure, the whole stack of a bug. */
export function describeError(error: unknown): string {
  if (error instanceof FieldnoteError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
