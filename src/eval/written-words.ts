import type { Language } from '../values/language.ts';
import type { Report } from '../values/report.ts';

/**
 * What words mean, for the reading of finished texts; written without a look at the phrases of the writer, so that a fault
 * in them does not hide itself. Names are marks here: ⟦A⟧ is the first channel.
 */
export interface WrittenWords {
  readonly severities: Readonly<Record<Report['severity'], RegExp>>;
  readonly up: RegExp;
  readonly down: RegExp;
  /** Just before the name of a channel: which way it went. */
  readonly lead: RegExp;
  /** A full stop that ends no sentence. */
  readonly inner: RegExp;
  readonly over: RegExp;
  readonly open: RegExp;
  /** What a text about a new incident must not say. */
  readonly older: RegExp;
  readonly back: RegExp;
  /** Before or after a quantity that is normal. */
  readonly normalBefore: RegExp;
  readonly normalAfter: RegExp;
  readonly worst: RegExp;
  readonly worstBefore: RegExp;
  readonly worstAfter: RegExp;
  /** Before the worst of an incident that is over. */
  readonly reached: RegExp;
  readonly unknown: RegExp;
  readonly withdrawn: RegExp;
  /** Of a sensor, by its fault. */
  readonly faults: Readonly<Record<NonNullable<Report['sensor']>['fault'], RegExp>>;
  readonly leftOut: RegExp;
  readonly countedAgain: RegExp;
  readonly check: RegExp;
  readonly forward: RegExp;
  readonly backward: RegExp;
  readonly damaged: RegExp;
}

const ENGLISH: WrittenWords = {
  severities: { notice: /\bnotice\b/i, warning: /\bwarning\b/i, critical: /\bcritical\b/i },
  up: /\b(?:above|over|higher|up|rose|risen|climb(?:ed)?|increased?|rise|high|elevated|exceeds)\b/g,
  down: /\b(?:below|under|lower|down|fell|fallen|drop(?:ped)?|decreased?|fall|low|reduced|falls short)\b/g,
  lead: /\b(?:above|over|higher than|below|under|lower than) normal: [^.]*$/i,
  inner: /(?!)/g,
  over: /\b(?:over|ended|closed|cleared|passed|back to normal|normal again|withdrawn)\b/i,
  open: /\b(?:open|continues|ongoing|goes on|not over|remains|so far, since|lasted .{1,20} so far|began|still)\b/i,
  older: /\b(?:still|ended|closed|is over|back to normal)\b/i,
  back: /\b(?:back|returned|again at)\b/,
  normalBefore: /(?:normal|usual|average|level|value|against|instead of|normally|where)(?: of| its| at)? $/,
  normalAfter: /^,? ?(?:is (?:normal|usual))/,
  worst: /worst|furthest/,
  worstBefore: /worst(?: so far)?(?: of| was| it was)? $/,
  worstAfter: /^ at its worst/,
  reached: /(?:to|as far as) $/,
  unknown: /\bcause\b/i,
  withdrawn: /\bwithdrawn\b.*\bsensor\b/is,
  faults: {
    stuck: /\b(?:stuck|exactly (?!that)|nothing but|repeat|same values)/,
    'dropped-out': /\b(?:no values?(?! lasted)|silent)\b/,
    spiking: /\b(?:jumped off|spiked)\b/,
    saturated: /\bend of its range\b/,
    'out-of-range': /\b(?:possible|cannot be)\b/,
    'clock-jump': /\bclock (?:of .*?|)(?:jumped|went)\b|\bits clock\b/,
  },
  leftOut: /\b(?:left out|not count|without its?)\b/,
  countedAgain: /\b(?:in the judgement again)\b/,
  check: /\b(?:check|look)\b/i,
  forward: /\b(?:forward|ahead)\b/,
  backward: /\bback\b/,
  damaged: /\bsound/i,
};

const GERMAN: WrittenWords = {
  severities: { notice: /hinweis/i, warning: /warnung/i, critical: /\bkritisch/i },
  up: /(?<!\p{L})(?:über|höher|gestiegen|angestiegen|geklettert|stieg|stiegen|kletterten?|hoch|erhöht)(?!\p{L})/gu,
  down: /(?<!\p{L})(?:unter|niedriger|gefallen|abgefallen|gesunken|fiel|fielen|sank|sanken|niedrig|verringert)(?!\p{L})/gu,
  lead: /(?:stieg|kletterte|fiel|sank) $/i,
  inner: /(?<=\d)\. (?=Episode|Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)/g,
  over: /vorbei|beendet|geschlossen|wieder normal|zurückgezogen/i,
  open: /offen|dauert|besteht|nicht vorbei|begonnen|beginn war/i,
  older: /noch offen|beendet|geschlossen|vorbei|wieder normal/i,
  back: /wieder beim|zurück/,
  normalBefore:
    /(?:normal|normalwert|mittelwert|üblichen wert|statt|gegenüber|sonst|sind)(?: von)?(?: \()? ?$/i,
  normalAfter: /(?!)/,
  worst: /extremwert|noch nie/i,
  worstBefore: /extremwert(?: bisher)?(?: von| war| lag bei)? $/i,
  worstAfter: /(?!)/,
  reached: /auf $/,
  unknown: /ursache/i,
  withdrawn: /zurückgezogen.*sensor/is,
  faults: {
    stuck: /genau (?!das|dort)\S|steht auf|stand auf|nur noch|dieselben/,
    'dropped-out': /keinen? werte?|schweigt|geschwiegen|keinen wert/i,
    spiking: /weg und zurück|Sprung und zurück/,
    saturated: /ende des messbereichs/i,
    'out-of-range': /möglich|nicht sein kann/,
    'clock-jump': /\buhr von\b|\bdie uhr (?:sprang|ging)\b/i,
  },
  leftOut: /genommen|zähl(?:t|en) nicht|ohne (?:ihn|diese)/,
  countedAgain: /wieder (?:in|teil)/i,
  check: /prüfen/i,
  forward: / vor(?= \(|[.;,]|$)/,
  backward: / zurück/,
  damaged: /klingt|klang|geklungen/i,
};

export const WRITTEN_WORDS: Readonly<Record<Language, WrittenWords>> = { en: ENGLISH, de: GERMAN };
