import type { Digest, DigestIncident } from '../../src/values/digest.ts';
import type { Report, ReportStamp } from '../../src/values/report.ts';

/**
 * Reads the text of a digest like somebody who has only the reports, and says what of it is not so. It shares no code
 * with what writes the text: sentences are taken apart by patterns, and every number is computed again.
 */
export function digestFaults(digest: Digest, reports: readonly Report[]): string[] {
  const faults = new Faults();
  const counted = reports.filter(({ explainedBy }) => explainedBy === undefined);
  checkCounts(digest, reports, counted, faults);
  const names = namesIn(digest);
  let text = digest.text;
  for (const [at, name] of names.entries()) text = text.replaceAll(name, `«${at}»`);
  const nameOf = (mark: string) => names[Number(mark)] ?? '';
  const chief = [...digest.chief];
  for (const sentence of text.slice(0, -1).split(/\. (?=[A-Z«\d])/)) {
    const incident = /^«(\d+)»: (critical|warning|notice), (open|over)(.*?); (.*)$/s.exec(sentence);
    if (incident === null) checkSentence(sentence, digest, faults, nameOf);
    else checkIncident(incident, chief.shift(), faults, nameOf);
  }
  return faults.list;
}

class Faults {
  readonly list: string[] = [];

  expect(what: string, isTrue: boolean): void {
    if (!isTrue) this.list.push(what);
  }
}

function checkCounts(digest: Digest, reports: readonly Report[], counted: readonly Report[], faults: Faults) {
  const { counts, chief, restsOn } = digest;
  const of = (test: (report: Report) => boolean) => counted.filter(test).length;
  for (const kind of ['machine', 'sensor', 'bearing'] as const)
    faults.expect(kind, counts[kind] === of((report) => report.kind === kind));
  for (const severity of ['critical', 'warning', 'notice'] as const)
    faults.expect(severity, counts[severity] === of((report) => report.severity === severity));
  faults.expect('incidents', counts.incidents === counted.length);
  faults.expect('open', counts.open === of(({ closed }) => closed === null));
  faults.expect('withdrawn', counts.withdrawn === reports.length - counted.length);
  const severities = ['critical', 'warning', 'notice'];
  const ranks = chief.map(({ severity }) => severities.indexOf(severity));
  const worst = counted.map(({ severity }) => severities.indexOf(severity)).sort((a, b) => a - b);
  faults.expect('the chief ones', JSON.stringify(ranks) === JSON.stringify(worst.slice(0, 3)));
  faults.expect('rests on', restsOn.length === Math.min(200, reports.length));
}

/** As a text may show them, the longest first. */
function namesIn({ chief, open, coverage }: Digest): string[] {
  const incidents = [...chief, ...open];
  const names = [
    ...incidents.flatMap(({ asset, channels, labels, sensor, bearing }) => [
      asset.name,
      ...channels.map(({ name }) => name),
      ...labels.map(({ name }) => name),
      ...(sensor?.channels ?? []).map(({ name }) => name),
      ...(bearing ? [bearing.name] : []),
    ]),
    ...coverage.map(({ asset }) => asset.name),
  ];
  const shown = names.flatMap((name) => [name, `${name.charAt(0).toUpperCase()}${name.slice(1)}`]);
  return [...new Set(shown)].sort((one, other) => other.length - one.length);
}

type NameOf = (mark: string) => string;

/** A form that a sentence may have, and whether what it says is so. */
type Form = readonly [pattern: RegExp, isTrue: (...groups: string[]) => boolean];

function checkSentence(sentence: string, digest: Digest, faults: Faults, nameOf: NameOf): void {
  const forms = [...headForms(digest), ...countForms(digest, nameOf), ...missingForms(digest, nameOf)];
  const matches = forms.flatMap(([pattern, isTrue]) => {
    const match = pattern.exec(sentence);
    return match === null ? [] : [isTrue(...match.slice(1).map((group) => group ?? ''))];
  });
  faults.expect(
    `not so, or nobody knows what it says: ${sentence}`,
    matches.length > 0 && matches.every(Boolean),
  );
}

function headForms(digest: Digest): Form[] {
  const { from, lengthMs } = digest;
  return [
    [
      /^Summary of (?:(.+?) to (.+?)(?: \((.+)\))?|.+ \(clock not set\))$/,
      (begin = '', end = '', length = '') => isTimes(digest, begin, end) && isLength(length, lengthMs),
    ],
    [
      /^The link was last up (.+?) ago(?:, (.+?))?(?: \(clock not set\))?$/,
      (length = '', begin = '') => isLength(length, lengthMs) && (begin === '' || isTime(begin, from)),
    ],
    [
      /^Flight of (.+?)(?: \(clock not set\))?(?:, (.+) to (.+))?$/,
      (length = '', begin = '', end = '') => isLength(length, lengthMs) && isTimes(digest, begin, end),
    ],
  ];
}

function countForms({ counts, open }: Digest, nameOf: NameOf): Form[] {
  const { incidents, critical, warning, notice, machine, sensor, bearing } = counts;
  return [
    [/^No incident(?: fits the question)?$/, () => incidents === 0],
    [
      /^([\d,]+) incidents?: (.*); (.*)$/,
      (sum = '', severities = '', kinds = '') =>
        numberOf(sum) === incidents &&
        isSum(severities, incidents, { critical, warning, notice }) &&
        isSum(kinds, incidents, { machine, sensor, bearing }),
    ],
    [/^None is open any more$/, () => counts.open === 0 && incidents > 0],
    [
      /^([\d,]+) (?:is|are) still open(?:(?:, also|:) (.*))?$/,
      (sum = '', rest = '') => {
        const marks = [...rest.matchAll(/«(\d+)» \((\w+)\)/g)];
        const more = numberOf(/ and ([\d,]+) more$/.exec(rest)?.[1] ?? '0');
        const areOpen = marks.every(([, mark = '', severity]) =>
          open.some((incident) => incident.asset.name === nameOf(mark) && incident.severity === severity),
        );
        return numberOf(sum) === counts.open && areOpen && marks.length + more <= counts.open;
      },
    ],
    [
      /^([\d,]+) incidents? (?:was|were) withdrawn: a sensor was at fault, not the machine$/,
      (sum = '') => numberOf(sum) === counts.withdrawn,
    ],
  ];
}

function missingForms({ gaps, coverage, lengthMs, unplaced, unreadable }: Digest, nameOf: NameOf): Form[] {
  const isOf = (mark: string, name: string) => nameOf(mark).toLowerCase() === name.toLowerCase();
  const isShare = (time: string | undefined, watchedMs: number) =>
    time === undefined
      ? watchedMs === 0
      : isLength(time.replace(/,$/, ''), Math.min(watchedMs, lengthMs ?? 0));
  return [
    [
      /^Missing: (.*)$/,
      (list = '') => {
        const numbers = (list.match(/\d[\d,]*/g) ?? []).map(numberOf);
        const losses = gaps.filter(({ reason, count }) => reason !== 'store-moved' && count !== 0);
        const known = losses.map(({ count, least }) => count ?? least).filter((sum) => sum > 0);
        const [vague, open] = [/an unknown number of/g, /at least/g].map(
          (word) => list.match(word)?.length ?? 0,
        );
        const areVague = vague === losses.filter(({ count, least }) => count === null && least === 0).length;
        const areOpen = open === losses.filter(({ count, least }) => count === null && least > 0).length;
        return areVague && areOpen && JSON.stringify(numbers) === JSON.stringify(known);
      },
    ],
    [
      /^Watched of these (.+?): (.*)$/,
      (length = '', list = '') => {
        const told = [...list.matchAll(/«(\d+)» (?:for ([^«]*?)|not at all)(?=,? «| and |$)/g)];
        const more = numberOf(/ and ([\d,]+) others? no shorter$/.exec(list)?.[1] ?? '0');
        const areTrue = told.every(([, mark = '', time]) =>
          coverage.some(({ asset, watchedMs }) => isOf(mark, asset.name) && isShare(time, watchedMs)),
        );
        return (
          isLength(length, lengthMs) && told.length > 0 && areTrue && told.length + more === coverage.length
        );
      },
    ],
    [/^Of ([\d,]+) more incidents? the time is not known$/, (sum = '') => numberOf(sum) === unplaced],
    [/^([\d,]+) records? (?:is|are) damaged and cannot be read$/, (sum = '') => numberOf(sum) === unreadable],
  ];
}

function checkIncident(
  [sentence = '', mark = '', severity, state, when = '', finding = '']: RegExpExecArray,
  incident: DigestIncident | undefined,
  faults: Faults,
  nameOf: NameOf,
): void {
  if (incident === undefined) {
    faults.expect(`told too often: ${sentence}`, false);
    return;
  }
  const { asset, closed, sensor, kind } = incident;
  faults.expect(`${sentence}: asset`, nameOf(mark).toLowerCase() === asset.name.toLowerCase());
  faults.expect(`${sentence}: severity`, severity === incident.severity);
  faults.expect(`${sentence}: state`, (state === 'open') === (closed === null));
  faults.expect(`${sentence}: times`, areTimesOf(incident, when));
  if (sensor === undefined && kind === 'machine') checkFinding(finding, incident, faults, nameOf);
}

function areTimesOf({ opened, updated, closed }: DigestIncident, when: string): boolean {
  const end = closed ?? updated;
  const byWallMs = hasTime(opened) && hasTime(end) ? Date.parse(end.time) - Date.parse(opened.time) : null;
  const lastedMs = opened.boot === end.boot ? end.monoMs - opened.monoMs : byWallMs;
  const [, length] =
    /(?:, | after )((?:less than |[\d,.]+ ).*?)(?: long at its latest report|, begun .*|$)/.exec(when) ?? [];
  const [, begin] = /(?:since|begun) (.*? UTC)/.exec(when) ?? [];
  const isLengthRight =
    length === undefined ||
    /UTC/.test(length) ||
    isLength(length, lastedMs === null ? null : Math.max(0, lastedMs));
  return isLengthRight && (begin === undefined ? !hasTime(opened) : hasTime(opened) && isTime(begin, opened));
}

function checkFinding(
  finding: string,
  { channels: [channel], labels: [label], peakScore }: DigestIncident,
  faults: Faults,
  nameOf: NameOf,
): void {
  const [, looks, probability] = /, looked like «(\d+)» \((\d+) %\)$/.exec(finding) ?? [];
  const isLabelled = label !== undefined && label.probability >= 0.5;
  faults.expect(`${finding}: label`, looks === undefined ? !isLabelled : nameOf(looks) === label?.name);
  if (probability !== undefined)
    faults.expect(
      `${finding}: probability`,
      Math.abs(Number(probability) - (label?.probability ?? 0) * 100) <= 0.5,
    );
  if (channel === undefined) {
    const [, score] = /^highest score ([\d,.]+), alarm limit 1/.exec(finding) ?? [];
    faults.expect(`${finding}: score`, isNear(score, peakScore));
    return;
  }
  const [, name = '', way, extreme, normal, change] =
    /^«(\d+)» (rose|fell) to (\S+)(?: .*?)? \(normal ([-\d.,e]*[\de])(?: [^,)]*)?(?:, ([+-][\d,.]+) %)?\)/.exec(
      finding,
    ) ?? [];
  faults.expect(`${finding}: channel`, nameOf(name) === channel.name);
  faults.expect(`${finding}: direction`, (way === 'rose') === channel.extreme >= channel.baseline);
  faults.expect(`${finding}: extreme`, isNear(extreme, channel.extreme));
  faults.expect(`${finding}: normal`, isNear(normal, channel.baseline));
  const exact = ((channel.extreme - channel.baseline) / Math.abs(channel.baseline)) * 100;
  const slack = Math.max(0.5, Math.abs(exact) * 0.05);
  faults.expect(`${finding}: change`, change === undefined || Math.abs(numberOf(change) - exact) <= slack);
}

function hasTime({ clock }: ReportStamp): boolean {
  return ['synced', 'gnss', 'manual'].includes(clock);
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}

/** Within half of its last digit. */
function isNear(text: string | undefined, exact: number): boolean {
  if (text === undefined) return false;
  const [, decimals = '', exponent = '0'] = /^-?[\d,]+(?:\.(\d+))?(?:e(-?\d+))?$/.exec(text) ?? [];
  const half = 0.5 * 10 ** (Number(exponent) - decimals.length);
  return text === '0' || Math.abs(numberOf(text) - exact) <= half * 1.0001;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1e3, min: 6e4, h: 36e5, days: 864e5 };

/** Whether a duration is written as long as it was, within half of its smallest unit. */
function isLength(text: string, ms: number | null): boolean {
  if (text === '' || /unknown/.test(text)) return ms === null || text === '';
  if (ms === null) return false;
  if (text === 'less than 1 s') return ms < 1000;
  const parts = [...text.matchAll(/([\d,]+) (s|min|h|days)\b/g)];
  const sum = parts.reduce(
    (total, [, count = '', unit = '']) => total + numberOf(count) * (UNIT_MS[unit] ?? 0),
    0,
  );
  const smallest = parts.at(-1)?.[2] === 'h' ? 'min' : (parts.at(-1)?.[2] ?? '');
  return parts.length > 0 && Math.abs(sum - ms) <= (UNIT_MS[smallest] ?? 0) / 2;
}

function isTime(text: string, { time }: ReportStamp): boolean {
  return (
    text.includes(`${time.slice(11, 16)} UTC`) &&
    (!/^\d+ \w{3}/.test(text) || text.startsWith(`${Number(time.slice(8, 10))} `))
  );
}

function isTimes({ from, to }: Digest, begin: string, end: string): boolean {
  return begin === '' || (isTime(begin, from) && isTime(end, to) && hasTime(from) && hasTime(to));
}

/** Whether "1 critical, 2 warnings and 3 notices" are these counts and nothing else, and make the sum. */
function isSum(list: string, sum: number, counts: Readonly<Record<string, number>>): boolean {
  const told = [...list.matchAll(/([\d,]+) (?:of (?:an? )?)?([a-z]+?)s?(?=,| and|$)/g)];
  const areDistinct = new Set(told.map(([, , name]) => name)).size === told.length;
  const areRight = told.every(([, count = '', name = '']) => counts[name] === numberOf(count));
  return (
    areDistinct && areRight && told.reduce((total, [, count = '']) => total + numberOf(count), 0) === sum
  );
}
