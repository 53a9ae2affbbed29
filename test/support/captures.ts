/** A command of a page with what it shows there. */
export interface Capture {
  readonly command: string;
  readonly lines: readonly string[];
}

/** What a page shows as typed after a `$ `, with the lines that follow it. */
export function capturesIn(page: string): Capture[] {
  const blocks = page.matchAll(/^ {4}\$ (.+)\n((?: {4}(?!\$ ).*\n|\n(?= {4}(?!\$ )))*)/gm);
  return [...blocks].map(([, command = '', shown = '']) => {
    const lines = shown.trimEnd().split('\n');
    return { command, lines: lines.map((line) => line.slice(4)) };
  });
}

/**
 * What is the same in every run: numbers, ids and names of months stand for any other, and columns have any width.
 * Lines that differ otherwise are shown with `…` for the rest of a line, or alone for any lines.
 */
export function sameEveryRun(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}[0-9a-f-]{4,}\b/g, '#')
    .replaceAll(/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g, 'MON')
    .replaceAll(/\d+(?:[.,:-]\d+)*/g, '#')
    .replaceAll(/ +/g, ' ')
    .trimEnd();
}

/** Whether a program wrote what a page shows. */
export function isShown(lines: readonly string[], written: string): boolean {
  const pattern = lines.map((line) => {
    if (line.trim() === '…') return '(?:.*\\n)*';
    return `${line
      .split('…')
      .map((part) => escaped(sameEveryRun(`|${part}|`).slice(1, -1)))
      .join('.*')}\\n`;
  });
  const text = written.trimEnd().split('\n').map(sameEveryRun).join('\n');
  return new RegExp(`^${pattern.join('')}$`).test(`${text}\n`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
