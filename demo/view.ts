import { styleText } from 'node:util';
import { harmless, widthOf } from './columns.ts';
import {
  type ChannelRow,
  type Connection,
  type FrameState,
  formatValue,
  type Paint,
  type ReportLine,
  renderFrame,
  renderReport,
  type Tone,
  type Totals,
  unpainted,
} from './frame.ts';

/**
 * Where the demo writes. On a terminal a live region stays at the bottom and is redrawn in place, while reports
 * scroll away above it. Elsewhere, such as in a pipe, plain lines follow one another without any escape sequence.
 */

export interface TerminalViewOptions {
  readonly out: NodeJS.WritableStream;
  readonly isTty: boolean;
  /** For terminals; `process.stdout.hasColors()` also knows NO_COLOR. */
  readonly hasColour: boolean;
  /** Asked at every redraw, so that a resized terminal needs no event. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Calls back at an interval until the function that it returns is called. */
  readonly every?: (intervalMs: number, callback: () => void) => () => void;
}

const REDRAW_MS = 200;
const PLAIN_CHANNELS_MS = 5000;

const CURSOR = { hide: '\x1b[?25l', show: '\x1b[?25h' } as const;
const ERASE_LINE_END = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

const COLOURS: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  quiet: 'gray',
  calm: 'cyan',
  good: 'green',
  notice: 'blueBright',
  warning: 'yellow',
  critical: 'redBright',
};

const coloured: Paint = (tone, text) => styleText(COLOURS[tone], text, { validateStream: false });

export class TerminalView {
  readonly #options: TerminalViewOptions;
  readonly #paint: Paint;
  readonly #stop: () => void;
  #state: FrameState = {
    learning: 0,
    incident: null,
    channels: [],
    link: 'connecting',
    broker: 'connecting',
    totals: { samples: 0, noise: 0, reports: 0, delivered: 0, waiting: 0 },
  };
  #drawn: readonly string[] = [];
  #isStale = false;
  #learnedTenths = -1;

  constructor(options: TerminalViewOptions) {
    this.#options = options;
    this.#paint = options.hasColour ? coloured : unpainted;
    const every = options.every ?? everyReally;
    this.#stop = options.isTty
      ? every(REDRAW_MS, () => this.#isStale && this.#redraw())
      : every(PLAIN_CHANNELS_MS, () => this.#isStale && this.#printChannels());
    if (!options.isTty) return;
    options.out.write(CURSOR.hide);
    process.once('exit', this.#showCursor);
  }

  /** Progress of learning, 0 to 1; null once a model watches. */
  learning(progress: number | null): void {
    const hasEnded = progress === null && this.#state.learning !== null;
    this.#change({ learning: progress });
    if (this.#options.isTty) return;
    const tenths = Math.floor((progress ?? 0) * 10 + 1e-9);
    if (hasEnded) this.#print('learned; watching');
    else if (tenths > this.#learnedTenths) this.#print(`learning normal: ${tenths * 10} %`);
    this.#learnedTenths = Math.max(tenths, this.#learnedTenths);
  }

  channels(channels: readonly ChannelRow[]): void {
    this.#change({ channels });
  }

  totals(totals: Totals): void {
    this.#change({ totals });
  }

  link(link: Connection): void {
    if (link !== this.#state.link && !this.#options.isTty) this.#print(`pump: ${link}`);
    this.#change({ link });
  }

  broker(broker: Connection): void {
    if (broker !== this.#state.broker && !this.#options.isTty) this.#print(`broker: ${broker}`);
    this.#change({ broker });
  }

  /** Shows a report for good; the incident is open from then on until one comes that closes it. */
  report(report: ReportLine): void {
    const { time, severity, event, writtenBy, text } = report;
    this.#change({ incident: event === 'closed' ? null : severity });
    const credit = writtenBy === undefined ? '' : `, told by ${writtenBy}`;
    if (!this.#options.isTty) this.#print(`${time} ${severity} ${event}${credit}: ${text}`);
    else this.#redraw(renderReport(report, this.#options.size().columns, this.#paint));
  }

  /** Says something about the demo itself, in one quiet line above the live region. */
  note(text: string): void {
    if (!this.#options.isTty) this.#print(text);
    else this.#redraw([this.#paint('quiet', harmless(text)), '']);
  }

  /** Draws the last state and gives the terminal back; nothing may be shown afterwards. */
  close(): void {
    this.#stop();
    if (!this.#options.isTty) return;
    this.#redraw();
    this.#showCursor();
    process.off('exit', this.#showCursor);
  }

  #change(part: Partial<FrameState>): void {
    this.#state = { ...this.#state, ...part };
    this.#isStale = true;
  }

  /** Writes the live region over the last one, after lines that stay; one write, so that nothing flickers. */
  #redraw(above: readonly string[] = []): void {
    const { columns, rows } = this.#options.size();
    const frame = renderFrame(this.#state, columns, this.#paint).slice(-Math.max(1, rows - 1));
    const lines = [...above, ...frame].map((line) => `${line}${ERASE_LINE_END}\n`);
    this.#options.out.write(this.#backToTop(columns) + lines.join('') + ERASE_BELOW);
    this.#drawn = frame;
    this.#isStale = false;
  }

  /** A narrower terminal has broken the old lines into more rows than were written. */
  #backToTop(columns: number): string {
    const rowsOf = (line: string) => Math.max(1, Math.ceil(widthOf(harmless(line)) / Math.max(1, columns)));
    const height = this.#drawn.reduce((sum, line) => sum + rowsOf(line), 0);
    return height === 0 ? '' : `\r\x1b[${height}A`;
  }

  #printChannels(): void {
    this.#isStale = false;
    const values = this.#state.channels.map(
      ({ name, value, unit }) => `${name} ${formatValue(value)} ${unit}`,
    );
    if (values.length > 0) this.#print(values.join(', '));
  }

  #print(text: string): void {
    this.#options.out.write(`${harmless(text)}\n`);
  }

  readonly #showCursor = (): void => {
    this.#options.out.write(CURSOR.show);
  };
}

function everyReally(intervalMs: number, callback: () => void): () => void {
  const timer = setInterval(callback, intervalMs).unref();
  return () => clearInterval(timer);
}
