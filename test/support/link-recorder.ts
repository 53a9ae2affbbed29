import type { LinkHandlers } from '../../src/link/open-link.ts';
import { Link, type LinkOptions, type LinkState } from '../../src/link/reopening.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';

/** Handlers that remember what a link told them. */
export class LinkRecorder implements LinkHandlers {
  readonly chunks: Buffer[] = [];
  readonly closes: (FieldnoteError | undefined)[] = [];
  /** Bytes that came although the link had said that it was closed. */
  lateBytes = 0;

  onBytes = (bytes: Buffer) => {
    if (this.closes.length > 0) this.lateBytes += bytes.length;
    this.chunks.push(bytes);
  };

  onClose = (error: FieldnoteError | undefined) => {
    this.closes.push(error);
  };

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get sizeBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }
}

/** A started link that remembers its states and bytes. Retries come almost at once. */
export function recordLink(options: Pick<LinkOptions, 'open'> & Partial<LinkOptions>): {
  link: Link;
  states: LinkState[];
  heard: LinkRecorder;
  arrivalsMs: number[];
} {
  const states: LinkState[] = [];
  const heard = new LinkRecorder();
  const arrivalsMs: number[] = [];
  const link = new Link({
    source: 'mcu',
    silenceTimeoutMs: 60_000,
    clock: systemClock(() => 0),
    random: () => 0.01,
    onBytes(bytes, monoMs) {
      heard.onBytes(bytes);
      arrivalsMs.push(monoMs);
    },
    onState: (state) => states.push(state),
    ...options,
  });
  link.start();
  return { link, states, heard, arrivalsMs };
}

/** States in short, such as "open, LINK_LOST, open". */
export function storyOf(states: readonly LinkState[]): string {
  const words = states.map((state) => (state.kind === 'open' ? 'open' : (state.error?.code ?? state.kind)));
  return words.join(', ');
}

export const neverAborted = new AbortController().signal;
