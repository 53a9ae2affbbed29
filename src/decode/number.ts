const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** What devices write where a number should be: printf and Arduino (nan, inf, ovf), Python, JavaScript, loggers. */
const NOT_A_NUMBER = /^(?:|[+-]?nan|[+-]?inf(?:inity)?|ovf|null|none|n\/?a|err(?:or)?|-+|\?+)$/i;

/**
 * The number that a text states: decimal, or true and false as 1 and 0.
 * @returns NaN when the text stands for a number but is none that a 32-bit float can hold, such as "nan", "" or
 * "1e999"; undefined when it is other text
 */
export function readNumber(text: string): number | undefined {
  if (NUMBER.test(text)) {
    const number = Number(text);
    return Number.isFinite(Math.fround(number)) ? number : Number.NaN;
  }
  if (NOT_A_NUMBER.test(text)) return Number.NaN;
  if (/^true$/i.test(text)) return 1;
  if (/^false$/i.test(text)) return 0;
  return undefined;
}
