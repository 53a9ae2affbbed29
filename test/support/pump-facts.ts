import type { ReportEvent } from '../../src/publish/envelope.ts';
import { type ChannelFact, reportSchema } from '../../src/values/report.ts';
import { PUMP_CHANNELS, type PumpChannel } from './pump-recording.ts';

type Row = Readonly<Record<string, number>>;

/** Share of a value, or of a spread, by which a mean in float32 may differ from one in float64. */
const ROUNDING = 1e-4;

/** What a report of the played pump says that is not so; nothing when it is true. */
export function untruthsOf(
  { data, ...event }: ReportEvent,
  rows: readonly Row[],
  learnedRows: number,
): string[] {
  const schemaFaults = reportSchema.safeParse(data).error?.issues.map(({ message }) => message) ?? [];
  const channelFaults = data.channels.flatMap((fact) => factFaults(fact, rows.slice(0, learnedRows)));
  const wordFaults = data.channels.slice(0, 3).flatMap((fact) => textFaults(fact, data.event, data.text));
  return [...schemaFaults, ...channelFaults, ...wordFaults].map(
    (fault) => `${event.id} ${data.event}: ${fault}`,
  );
}

/**
 * Where the reports lie on the played rows, found by their values alone: the last row of each report's window, in the
 * order of the reports. The values of all channels have to be the means of their window, and the windows as far from
 * each other as the times of the reports say, to one row; undefined when there are no such rows.
 */
export function windowEndsOf(
  reports: readonly ReportEvent[],
  rows: readonly Row[],
  { windowRows, rateHz }: { readonly windowRows: number; readonly rateHz: number },
): number[] | undefined {
  const times = reports.map(({ data }) => data.updated.monoMs);
  const offsets = times.map((time) => Math.round(((time - (times[0] ?? 0)) / 1000) * rateHz));
  const endNear = (end: number, report: ReportEvent) =>
    [end, end - 1, end + 1].find((near) =>
      isMeanOf(rows.slice(Math.max(0, near - windowRows + 1), near + 1), report),
    );
  for (const start of rows.keys()) {
    const ends = reports.map((report, at) => endNear(start + (offsets[at] ?? 0), report));
    if (ends.every((end) => end !== undefined)) return ends;
  }
  return undefined;
}

function isMeanOf(window: readonly Row[], { data }: ReportEvent): boolean {
  return data.channels.every(({ channel, value, spread }) => {
    const allowed = ROUNDING * Math.max(Math.abs(value), spread);
    return Math.abs(meanOf(window, channel) - value) <= allowed;
  });
}

function factFaults(fact: ChannelFact, learned: readonly Row[]): string[] {
  const { channel, name, unit, direction, value, baseline, spread, extreme, since } = fact;
  const known = PUMP_CHANNELS[channel as PumpChannel];
  if (known === undefined) return [`there is no channel ${channel}`];
  const normal = meanOf(learned, channel);
  const side = value >= baseline ? 'above' : 'below';
  const isAway = Math.abs(value - baseline) >= 2 * spread;
  const found = [
    name !== known.name && `${channel} is called ${known.name}, not ${name}`,
    unit !== known.unit && `${channel} is measured in ${known.unit}, not ${unit}`,
    Math.abs(normal - baseline) > ROUNDING * Math.abs(normal) &&
      `${channel} normally has ${normal}, not ${baseline}`,
    isAway && direction !== side && `${channel} is ${side} its normal, not ${direction}`,
    Math.abs(extreme - baseline) < Math.abs(value - baseline) &&
      `${channel} was further from normal than ${extreme}`,
    since.monoMs <= 0 && `${channel} deviates since nowhere`,
  ];
  return found.filter((fault) => fault !== false);
}

/** Every number of a channel that the text shows is that of the facts, rounded. */
function textFaults(fact: ChannelFact, event: string, text: string): string[] {
  const { name, unit, value, baseline, extreme } = fact;
  const shown = (what: string, pattern: string, fact: number) => {
    const found = new RegExp(`${pattern} ?(-?[\\d,]+(?:\\.(\\d+))?) ${unit}`, 'i').exec(text);
    if (found === null) return [`the text does not say the ${what} of ${name}: ${text}`];
    const number = Number(found[1]?.replaceAll(',', ''));
    const rounding = 0.5000001 * 10 ** -(found[2]?.length ?? 0);
    return Math.abs(number - fact) <= rounding
      ? []
      : [`the text says ${number} for the ${what} of ${name}, ${fact}`];
  };
  if (event !== 'closed') {
    return [
      ...shown('value', name, value),
      ...shown('normal', `${name} [^.]*?(?:\\.\\d[^.]*?)?its normal`, baseline),
    ];
  }
  return [...shown('extreme', `${name} (?:rose|fell) to`, extreme)];
}

function meanOf(rows: readonly Row[], channel: string): number {
  const column = PUMP_CHANNELS[channel as PumpChannel]?.from.slice('mcu.'.length) ?? '';
  return rows.reduce((sum, row) => sum + (row[column] ?? Number.NaN), 0) / rows.length;
}
