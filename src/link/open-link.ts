import type { Duplex, Readable } from 'node:stream';
import type { FieldnoteError } from '../system/errors.ts';

/** Bytes that may wait for a device that does not take them; more means that it is dead. */
const WRITE_QUEUE_BYTES_MAX = 65_536;

/** Who listens to an opened link. */
export interface LinkHandlers {
  onBytes(bytes: Buffer): void;
  /**
   * Exactly once, when everything is released and may be opened again; no bytes come after it.
   * The error is undefined when `close` was called or a recording was read to its end.
   */
  onClose(error: FieldnoteError | undefined): void;
}

/** One opened source of bytes: a serial port, a socket or a recording. */
export interface OpenLink {
  /** False for a recording: its disk may be slow, but it is never mute, and its end is the end. */
  readonly isLive: boolean;
  /** Sends bytes to the device; a recording drops them. A device that takes none any more is lost. */
  write(bytes: Uint8Array): void;
  /** While paused, neither bytes nor a hang-up are seen; the kernel keeps what it has room for. */
  pause(): void;
  resume(): void;
  /** Resolves when everything is released, after `onClose`. */
  close(): Promise<void>;
}

/**
 * Opens a source once. Aborting the signal gives up the attempt.
 * @throws FieldnoteError LINK_UNAVAILABLE or RECORDING_UNREADABLE, with what a person can do about it
 */
export type OpenLinkFunction = (handlers: LinkHandlers, signal: AbortSignal) => Promise<OpenLink>;

interface StreamLinkOptions {
  readonly stream: Readable | Duplex;
  readonly handlers: LinkHandlers;
  readonly isLive: boolean;
  /** Why the stream closed by itself: with the error it had, or undefined when it simply ended. */
  closeReason(cause: Error | undefined): FieldnoteError | undefined;
  /** Releases what belongs to the stream, after the stream. */
  release?(): Promise<void>;
}

/** The part that all kinds share: turns a Node stream into a link that closes exactly once. */
export function linkOver({ stream, handlers, isLive, closeReason, release }: StreamLinkOptions): OpenLink {
  const closed = Promise.withResolvers<void>();
  let isOurClose = false;
  let failure: Error | undefined;

  stream.on('data', (bytes: Buffer) => handlers.onBytes(bytes));
  stream.on('error', (error) => {
    failure = error;
  });
  stream.on('end', () => stream.destroy());
  stream.on('close', async () => {
    // A port that was unplugged may refuse to be closed; its descriptor is gone all the same.
    await release?.().catch(() => undefined);
    handlers.onClose(isOurClose ? undefined : closeReason(failure));
    closed.resolve();
  });

  return {
    isLive,
    write(bytes) {
      if (!('write' in stream) || stream.destroyed) return;
      stream.write(bytes);
      if (stream.writableLength > WRITE_QUEUE_BYTES_MAX)
        stream.destroy(new Error(`it takes no data: ${stream.writableLength} bytes wait to be sent`));
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close() {
      isOurClose ||= !stream.destroyed;
      stream.destroy();
      return closed.promise;
    },
  };
}
