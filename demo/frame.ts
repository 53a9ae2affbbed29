import type { Severity } from '../src/values/incident.ts';
import { harmless, toWidth, widthOf, wrap } from './columns.ts';
import { sparkline } from './sparkline.ts';

/** What the terminal shows, as lines of text: pure functions of the state and the width. */

export interface ChannelRow {
  readonly name: string;
  readonly unit: string;
  /** Current value; NaN while there is none. */
  readonly value: number;
  /** Past values, oldest first; as many as fit are shown. NaN is a gap. */
  readonly history: readonly number[];
  /** Set while the channel deviates: how bad the incident is that it belongs to. */
  readonly severity?: Severity | undefined;
}

export type Connection = 'connected' | 'connecting' | 'lost';

export interface Totals {
  readonly samples: number;
  /** Pieces of the byte stream that were no sample. */
  readonly noise: number;
  readonly reports: number;
  readonly delivered: number;
  readonly waiting: number;
}

export interface FrameState {
  /** 0 to 1 while normal is being learned, then null. */
  readonly learning: number | null;
  /** Severity of the open incident. */
  readonly incident: Severity | null;
  readonly channels: readonly ChannelRow[];
  readonly link: Connection;
  readonly broker: Connection;
  readonly totals: Totals;
}

export interface ReportLine {
  /** As it should be shown. */
  readonly time: string;
  readonly severity: Severity;
  readonly event: 'opened' | 'updated' | 'closed';
  /** Who found the words and how fast, when it was a language model. */
  readonly writtenBy?: string | undefined;
  readonly text: string;
}

/** What a piece of text means; the colours are the view's affair. */
export type Tone = 'quiet' | 'calm' | 'good' | Severity;

/** Adds colour to a text, or does not. It must not change the width. */
export type Paint = (tone: Tone, text: string) => string;

export const unpainted: Paint = (_tone, text) => text;

const DOTS: Readonly<Record<Connection, readonly [Tone, string]>> = {
  connected: ['good', '●'],
  connecting: ['quiet', '◌'],
  lost: ['warning', '○'],
};

const COLUMNS_MIN = 30;
const VALUE_WIDTH = 9;
const UNIT_WIDTH_MAX = 8;
/** Narrower than this a sparkline tells nothing. */
const SPARK_WIDTH_MIN = 6;
/** Noise within this share of the value stays flat. */
const CALM_SHARE = 0.25;
const BAR_WIDTH_MAX = 30;

/**
 * The live region, one line of the terminal each: channels, what the agent is doing, and its two connections. The
 * last column stays free, because terminals wrap there in different ways. Below 30 columns the lines are too long.
 */
export function renderFrame(state: FrameState, columns: number, paint: Paint = unpainted): string[] {
  const width = Math.max(COLUMNS_MIN, columns) - 1;
  const { samples, noise, reports, delivered, waiting } = state.totals;
  const seen = `samples ${count(samples)} · damaged ${count(noise)}`;
  const sent = `reports ${count(reports)} · delivered ${count(delivered)} · waiting ${count(waiting)}`;
  return [
    paint('quiet', '─'.repeat(width)),
    ...renderChannels(state.channels, width, paint),
    '',
    renderActivity(state, width, paint),
    renderConnection({ name: 'pump', connection: state.link, details: seen }, width, paint),
    renderConnection({ name: 'broker', connection: state.broker, details: sent }, width, paint),
  ];
}

/** A report above the live region: a coloured edge, a heading, the text, and a free line. */
export function renderReport(report: ReportLine, columns: number, paint: Paint = unpainted): string[] {
  const { time, severity, event, writtenBy, text } = report;
  const tone = event === 'closed' ? 'good' : severity;
  const width = Math.max(2, columns - 1) - 2;
  const edge = paint(tone, '▍ ');
  const credit = writtenBy === undefined ? '' : `, told by ${writtenBy}`;
  const heading = toWidth(harmless(`${time}  ${severity} ${event}${credit}`), width).trimEnd();
  const lines = wrap(harmless(text), width);
  return [edge + paint(tone, heading), ...lines.map((line) => edge + line), ''];
}

/** A value with two to four digits that matter; a dash when there is none. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 0.1 || size === 0 ? 2 : 4);
}

function renderChannels(channels: readonly ChannelRow[], width: number, paint: Paint): string[] {
  const names = channels.map(({ name }) => harmless(name));
  const units = channels.map(({ unit }) => harmless(unit));
  const nameWidth = Math.min(Math.max(0, ...names.map(widthOf)), Math.floor(width * 0.35));
  const unitWidth = Math.min(Math.max(0, ...units.map(widthOf)), UNIT_WIDTH_MAX);
  const sparkWidth = width - nameWidth - VALUE_WIDTH - unitWidth - 4;
  return channels.map(({ value, history, severity }, row) => {
    const name = paint(severity ?? 'quiet', toWidth(names[row] ?? '', nameWidth));
    const number = formatValue(value).padStart(VALUE_WIDTH);
    const unit = paint('quiet', toWidth(units[row] ?? '', unitWidth));
    const reading = ` ${name}${severity ? paint(severity, number) : number} ${unit}`;
    if (sparkWidth < SPARK_WIDTH_MIN) return reading;
    const spanMin = CALM_SHARE * meanSize(history);
    return `${reading}  ${paint(severity ?? 'calm', sparkline(history, { width: sparkWidth, spanMin }))}`;
  });
}

function renderActivity({ learning, incident }: FrameState, width: number, paint: Paint): string {
  if (learning !== null) return renderLearning(learning, width, paint);
  if (incident === null)
    return ` ${paint('good', '●')} ${toWidth('watching, all normal', width - 3).trimEnd()}`;
  return ` ${paint(incident, toWidth(`▲ incident open: ${incident}`, width - 1).trimEnd())}`;
}

function renderLearning(progress: number, width: number, paint: Paint): string {
  const share = Math.max(0, Math.min(1, progress));
  const barWidth = Math.min(BAR_WIDTH_MAX, Math.floor(width / 2) - 2);
  const filled = Math.floor(share * barWidth);
  const bar = paint('calm', '━'.repeat(filled)) + paint('quiet', '─'.repeat(barWidth - filled));
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return ` ${bar} ${toWidth(`${percent} %  learning normal`, width - barWidth - 2).trimEnd()}`;
}

function renderConnection(
  { name, connection, details }: { name: string; connection: Connection; details: string },
  width: number,
  paint: Paint,
): string {
  const [tone, dot] = DOTS[connection];
  const state = toWidth(`${name.padEnd(8)}${connection.padEnd(12)}`, 20);
  const rest = toWidth(details, width - 23).trimEnd();
  return ` ${paint(tone, dot)} ${state}${paint('quiet', rest)}`;
}

function meanSize(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, finite.length);
}

const numberFormat = new Intl.NumberFormat('en');

function count(value: number): string {
  return numberFormat.format(value);
}
