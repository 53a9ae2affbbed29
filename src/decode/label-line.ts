import type { Fields } from './layout.ts';

/** One part: a label that cannot be a number, : or =, the value (10:14:33 is one), the separator. */
const PART = /([^\s:=,;\d.+"'{[-][^\s:=,;]*)\s*[:=]\s*(\d[^\s,;]*|[^\s:=,;]+)(?:[\s,;]+|$)/y;

/**
 * The fields of a plotter line (`temp:21.5 hum:40`, `a=1, b=2`); undefined when a part is not label and value.
 * Separators are blanks, tabs, commas and semicolons, as in the Arduino serial plotter.
 */
export function readLabelLine(line: string): Fields | undefined {
  const names: string[] = [];
  const texts: string[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < line.length) {
    const part = PART.exec(line);
    if (part?.[1] === undefined || part[2] === undefined) return undefined;
    names.push(part[1]);
    texts.push(part[2]);
  }
  return { names, texts };
}
