/**
 * Every way in which Fieldnote fails on purpose, named once. The message says what happened to which thing and
 * what to do; `context` carries the same as values for the log.
 */
export type ErrorCode =
  | 'CONFIG_UNREADABLE'
  | 'CONFIG_INVALID'
  | 'LINK_UNAVAILABLE'
  | 'LINK_LOST'
  | 'LINK_SILENT'
  | 'RECORDING_UNREADABLE'
  | 'PROFILE_INVALID'
  | 'MODEL_INVALID'
  | 'MODEL_MISMATCH'
  | 'CHILD_DEAD'
  | 'CHILD_DEADLINE'
  | 'CHILD_FAILED'
  | 'LEARN_UNSTEADY'
  | 'STORE_LOCKED'
  | 'STORE_NEWER'
  | 'STORE_OLDER'
  | 'STORE_CORRUPT'
  | 'STORE_FULL'
  | 'STORE_UNWRITABLE'
  | 'STORE_DEAD'
  | 'BUNDLE_INVALID'
  | 'BUNDLE_UNWRITABLE'
  | 'PUBLISH_REFUSED'
  | 'PUBLISH_LOST'
  | 'SINK_UNAVAILABLE'
  | 'SINK_REFUSED'
  | 'DOWNLOAD_FAILED'
  | 'SECRET_UNREADABLE'
  | 'NOTIFIER_UNAVAILABLE'
  | 'KEY_INVALID'
  | 'UPDATE_INVALID'
  | 'UPDATE_UNTRUSTED'
  | 'UPDATE_REFUSED'
  | 'UPDATE_FAILED'
  | 'BAD_ARGUMENT';

/** An expected failure. `instanceof FieldnoteError` and `code` narrow it; anything else is a bug. */
export class FieldnoteError extends Error {
  override readonly name = 'FieldnoteError';
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, context: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.context = context;
  }
}

/** Text of any thrown value, for a log line or a message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
