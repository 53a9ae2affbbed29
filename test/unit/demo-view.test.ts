import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { TerminalView } from '../../demo/view.ts';

const ROW = { name: 'flow', unit: 'L/min', value: 251, history: [1, 2, 3] };
const REPORT = { time: '12:04:31', severity: 'warning', event: 'opened', text: 'Flow is low.' } as const;
const TOTALS = { samples: 10, noise: 0, reports: 0, delivered: 0, waiting: 0 };

/** A view that writes into memory and redraws when the test says so. */
function createView({ isTty = true, hasColour = false, columns = 80, rows = 24 } = {}) {
  const written: string[] = [];
  const ticks: (() => void)[] = [];
  const size = { columns, rows };
  const intervalsMs: number[] = [];
  let isStopped = false;
  const out = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const every = (intervalMs: number, callback: () => void) => {
    intervalsMs.push(intervalMs);
    ticks.push(callback);
    return () => {
      isStopped = true;
    };
  };
  const view = new TerminalView({ out, isTty, hasColour, size: () => size, every });
  const tick = () => {
    for (const callback of ticks) callback();
  };
  return { view, written, tick, size, intervalsMs, isStopped: () => isStopped };
}

/** What a terminal of unlimited height shows after these writes; knows the sequences that the view uses. */
function screenAfter(written: readonly string[]): string[] {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  const control = (sequence: string) => {
    if (sequence.endsWith('A')) row -= Number.parseInt(sequence.slice(1), 10);
    else if (sequence === '[K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (sequence === '[J') lines.splice(row, lines.length, (lines[row] ?? '').slice(0, column));
    else if (!sequence.startsWith('[?25')) throw new Error(`unknown sequence ${sequence}`);
    if (row < 0) throw new Error('the cursor went above the first line');
  };
  const print = (character: string) => {
    if (character === '\n') row++;
    if (character === '\n' || character === '\r') column = 0;
    else {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + character + line.slice(column + 1);
      column++;
    }
  };
  const [text = '', ...parts] = written.join('').split('\x1b');
  for (const character of text) print(character);
  for (const part of parts) {
    const sequence = /^\[\??\d*[A-Za-z]/.exec(part)?.[0] ?? '';
    control(sequence);
    for (const character of part.slice(sequence.length)) print(character);
  }
  return Array.from(lines, (line) => (line ?? '').trimEnd());
}

describe('view on a terminal', () => {
  test('redraws at most five times a second, however often something changes', () => {
    const { view, written, tick, intervalsMs } = createView();
    written.length = 0;
    for (let samples = 0; samples < 1000; samples++) view.totals({ ...TOTALS, samples });
    expect(written).toEqual([]);
    tick();
    tick();
    expect(written).toHaveLength(1);
    expect(intervalsMs).toEqual([200]);
  });

  test('redraws in place', () => {
    const { view, written, tick } = createView();
    for (const progress of [0.1, 0.5, 0.9]) {
      view.learning(progress);
      tick();
    }
    const screen = screenAfter(written);
    expect(screen.filter((line) => line.includes('learning normal'))).toEqual([
      ' ━━━━━━━━━━━━━━━━━━━━━━━━━━━───  90 %  learning normal',
    ]);
    expect(screen).toHaveLength(6);
  });

  test('lets reports scroll away above the live region', () => {
    const { view, written, tick } = createView();
    view.learning(null);
    view.channels([ROW]);
    tick();
    view.report(REPORT);
    view.note('the broker goes away');
    view.broker('lost');
    tick();
    const screen = screenAfter(written);
    expect(screen.slice(0, 6)).toEqual([
      '▍ 12:04:31  warning opened',
      '▍ Flow is low.',
      '',
      'the broker goes away',
      '',
      '─'.repeat(79),
    ]);
    expect(screen.at(8)).toBe(' ▲ incident open: warning');
    expect(screen.at(10)).toContain('○ broker  lost');
    expect(screen).toHaveLength(12);
  });

  test('says that all is normal again once the incident is closed', () => {
    const { view, written } = createView();
    view.learning(null);
    view.report(REPORT);
    view.report({ ...REPORT, event: 'closed' });
    expect(screenAfter(written)).toContain(' ● watching, all normal');
  });

  test('removes the rows of channels that are gone', () => {
    const { view, written, tick } = createView();
    view.channels([ROW, ROW, ROW]);
    tick();
    view.channels([ROW]);
    tick();
    expect(screenAfter(written).filter((line) => line.includes('flow'))).toHaveLength(1);
  });

  test('goes back over the lines that a narrower terminal has broken', () => {
    const { view, written, tick, size } = createView({ columns: 80 });
    view.link('connected');
    tick();
    size.columns = 40;
    view.link('lost');
    written.length = 0;
    tick();
    expect(written[0]?.startsWith('\r\x1b[9A')).toBe(true);
  });

  test('draws no more lines than the terminal has rows', () => {
    const { view, written, tick } = createView({ rows: 6 });
    view.channels(Array.from({ length: 20 }, () => ROW));
    tick();
    expect(screenAfter(written)).toHaveLength(6);
  });

  test('hides the cursor, and shows it again at the end', () => {
    const { view, written, isStopped } = createView();
    expect(written[0]).toBe('\x1b[?25l');
    view.close();
    expect(written.at(-1)).toBe('\x1b[?25h');
    expect(isStopped()).toBe(true);
  });

  test('leaves no listener on the process behind', () => {
    const before = process.listenerCount('exit');
    const { view } = createView();
    expect(process.listenerCount('exit')).toBe(before + 1);
    view.close();
    expect(process.listenerCount('exit')).toBe(before);
  });

  test('uses colour only where it is wanted', () => {
    const coloured = createView({ hasColour: true });
    const plain = createView({ hasColour: false });
    for (const { view } of [coloured, plain]) view.report(REPORT);
    expect(coloured.written.join('')).toContain('\x1b[33m▍ \x1b[39m');
    expect(plain.written.join('')).toContain('▍ 12:04:31  warning opened');
  });
});

describe('view in a pipe', () => {
  test('says how learning goes on in steps of a tenth', () => {
    const { view, written } = createView({ isTty: false });
    for (let percent = 0; percent <= 100; percent++) view.learning(percent / 100);
    view.learning(null);
    view.learning(null);
    const tenths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tenth) => `learning normal: ${tenth * 10} %\n`);
    expect(written).toEqual([...tenths, 'learned; watching\n']);
  });

  test('gives each report one line', () => {
    const { view, written } = createView({ isTty: false });
    view.report({ ...REPORT, text: 'Flow is\nlow.' });
    expect(written).toEqual(['12:04:31 warning opened: Flow is low.\n']);
  });

  test('names who found the words', () => {
    const { view, written } = createView({ isTty: false });
    view.report({ ...REPORT, writtenBy: 'fieldnote-writer in 18 ms' });
    expect(written).toEqual(['12:04:31 warning opened, told by fieldnote-writer in 18 ms: Flow is low.\n']);
  });

  test('tells of a connection when it changes', () => {
    const { view, written } = createView({ isTty: false });
    view.broker('connected');
    view.broker('connected');
    view.broker('lost');
    view.link('connected');
    view.note('the end');
    expect(written).toEqual(['broker: connected\n', 'broker: lost\n', 'pump: connected\n', 'the end\n']);
  });

  test('shows the channels every five seconds, if they have changed', () => {
    const { view, written, tick, intervalsMs } = createView({ isTty: false });
    view.channels([ROW, { ...ROW, name: 'pressure', unit: 'bar', value: Number.NaN }]);
    tick();
    tick();
    expect(written).toEqual(['flow 251.0 L/min, pressure – bar\n']);
    expect(intervalsMs).toEqual([5000]);
  });

  test('writes no escape sequence, whatever it shows', () => {
    const { view, written, tick } = createView({ isTty: false });
    view.learning(0.5);
    view.channels([{ ...ROW, name: '\x1b[2Jflow' }]);
    view.totals(TOTALS);
    tick();
    view.report({ ...REPORT, text: 'a\x1b]0;title\x07b' });
    view.close();
    expect(written.join('')).not.toMatch(/[^\P{Control}\n]/v);
  });
});
