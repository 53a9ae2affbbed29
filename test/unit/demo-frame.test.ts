import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless, widthOf } from '../../demo/columns.ts';
import {
  type ChannelRow,
  type FrameState,
  formatValue,
  type Paint,
  renderFrame,
  renderReport,
} from '../../demo/frame.ts';

const CHANNELS: readonly ChannelRow[] = [
  { name: 'flow', unit: 'L/min', value: 251.04, history: [250, 251, 250, 200, 150, 100, 100, 97] },
  { name: 'motor temperature', unit: '°C', value: 66.5, history: [66, 66, Number.NaN, 66.5, 67] },
];

const STATE: FrameState = {
  learning: null,
  incident: null,
  channels: CHANNELS,
  link: 'connected',
  broker: 'lost',
  totals: { samples: 12_480, noise: 3, reports: 5, delivered: 3, waiting: 2 },
};

const marked: Paint = (tone, text) => `<${tone}>${text}</>`;

describe('frame', () => {
  test('fills a terminal of 80 columns', () => {
    expect(renderFrame(STATE, 80)).toEqual([
      '───────────────────────────────────────────────────────────────────────────────',
      ' flow                 251.0 L/min                                      ███▆▃▁▁▁',
      ' motor temperature     66.5 °C                                            ▄▄ ▅▅',
      '',
      ' ● watching, all normal',
      ' ● pump    connected   samples 12,480 · damaged 3',
      ' ○ broker  lost        reports 5 · delivered 3 · waiting 2',
    ]);
  });

  test('shortens names and details on a terminal of 40 columns', () => {
    expect(renderFrame(STATE, 40)).toEqual([
      '───────────────────────────────────────',
      ' flow             251.0 L/min  ███▆▃▁▁▁',
      ' motor temper…     66.5 °C        ▄▄ ▅▅',
      '',
      ' ● watching, all normal',
      ' ● pump    connected   samples 12,480 …',
      ' ○ broker  lost        reports 5 · del…',
    ]);
  });

  test('shows the progress of learning as a bar', () => {
    const lines = renderFrame({ ...STATE, learning: 0.48 }, 80);
    expect(lines[4]).toBe(' ━━━━━━━━━━━━━━────────────────  48 %  learning normal');
  });

  test('keeps the bar within its ends when progress is out of range', () => {
    expect(renderFrame({ ...STATE, learning: -1 }, 80)[4]).toContain(' ──────────────────────────────   0 %');
    expect(renderFrame({ ...STATE, learning: 7 }, 80)[4]).toContain(' ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100 %');
  });

  test('names the severity of an open incident', () => {
    expect(renderFrame({ ...STATE, incident: 'critical' }, 80)[4]).toBe(' ▲ incident open: critical');
  });

  test('shows a dash and an empty line where there is no data', () => {
    const channels = [{ name: 'flow', unit: 'L/min', value: Number.NaN, history: [] }];
    expect(renderFrame({ ...STATE, channels }, 40)[1]).toBe(` flow        – L/min${' '.repeat(19)}`);
  });

  test('stands without any channel', () => {
    expect(renderFrame({ ...STATE, channels: [] }, 40)).toHaveLength(5);
  });

  test('aligns names and units in wide and combining characters', () => {
    const history = [1, 2];
    const channels = [
      { name: '出水流量', unit: 'L/分', value: 250, history },
      { name: 'débit', unit: 'm³/h', value: 15, history },
      { name: 'vibration of the non-drive end bearing', unit: 'mm/s', value: 1, history },
    ];
    expect(renderFrame({ ...STATE, channels }, 60).slice(1, 4)).toEqual([
      ' 出水流量                250.0 L/分                      ▁█',
      ' débit                    15.0 m³/h                      ▁█',
      ' vibration of the no…     1.00 mm/s                      ▁█',
    ]);
  });

  test('leaves the sparkline out where there is no room for one', () => {
    expect(renderFrame(STATE, 30)[1]).toBe(' flow          251.0 L/min');
  });

  test('noise of a few per cent stays calm', () => {
    const history = [100, 101, 99, 100, 102, 98];
    const channels = [{ name: 'flow', unit: 'L/min', value: 100, history }];
    expect(renderFrame({ ...STATE, channels }, 40)[1]).not.toMatch(/[▁▂▇█]/);
  });

  test('gives a deviating channel the colour of its incident and leaves the others calm', () => {
    const channels = CHANNELS.map((row, at) => ({
      ...row,
      severity: at === 0 ? ('warning' as const) : undefined,
    }));
    const lines = renderFrame({ ...STATE, channels }, 80, marked);
    expect(lines[1]).toMatch(/<warning>flow +<\/><warning> +251\.0<\/>.*<warning> +█/);
    expect(lines[2]).not.toContain('<warning>');
  });

  test('cannot be steered by names, units or reports', () => {
    const evil = '\x1b[2J\r\n\x07';
    const channels = [{ name: `a${evil}`, unit: `b${evil}`, value: 1, history: [1] }];
    const report = { time: evil, severity: 'notice', event: 'opened', text: evil } as const;
    const lines = [...renderFrame({ ...STATE, channels }, 80), ...renderReport(report, 80)];
    for (const line of lines) expect(harmless(line)).toBe(line);
  });

  test('never fills the last column, whatever it shows', () => {
    const row = fc.record({
      name: fc.string({ unit: 'grapheme', maxLength: 60 }),
      unit: fc.string({ unit: 'grapheme', maxLength: 20 }),
      value: fc.double(),
      history: fc.array(fc.double(), { maxLength: 100 }),
    });
    const state = fc.record({
      learning: fc.option(fc.double({ noNaN: true })),
      incident: fc.option(fc.constantFrom('notice', 'warning', 'critical')),
      channels: fc.array(row, { maxLength: 8 }),
      link: fc.constantFrom('connected', 'connecting', 'lost'),
      broker: fc.constantFrom('connected', 'connecting', 'lost'),
      totals: fc.record({
        samples: fc.nat(),
        noise: fc.nat(),
        reports: fc.nat(),
        delivered: fc.nat(),
        waiting: fc.nat(),
      }),
    });
    fc.assert(
      fc.property(state, fc.integer({ min: 30, max: 200 }), (frame, columns) => {
        const lines = renderFrame(frame as FrameState, columns);
        expect(lines).toHaveLength(frame.channels.length + 5);
        for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
      }),
    );
  });
});

describe('value', () => {
  test.each([
    [1.0449, '1.04'],
    [0.7712, '0.77'],
    [0.0234, '0.0234'],
    [66.507, '66.5'],
    [251.04, '251.0'],
    [0, '0.00'],
    [-12.3, '-12.3'],
    [1_234_567, '1.2e+6'],
    [0.0000012, '1.2e-6'],
    [Number.NaN, '–'],
    [Number.NEGATIVE_INFINITY, '–'],
  ])('%f is shown as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('report', () => {
  const report = {
    time: '12:04:31',
    severity: 'warning',
    event: 'opened',
    text: 'Inlet pump: flow is 97 L/min, below its normal 251 L/min.',
  } as const;

  test('is wrapped behind its edge and followed by a free line', () => {
    expect(renderReport(report, 40)).toEqual([
      '▍ 12:04:31  warning opened',
      '▍ Inlet pump: flow is 97 L/min, below',
      '▍ its normal 251 L/min.',
      '',
    ]);
  });

  test('names who found the words', () => {
    const told = { ...report, writtenBy: 'fieldnote-writer in 18 ms' };
    expect(renderReport(told, 80)[0]).toBe('▍ 12:04:31  warning opened, told by fieldnote-writer in 18 ms');
  });

  test('has the colour of its severity, and a good one when it is over', () => {
    expect(renderReport(report, 40, marked)[0]).toBe('<warning>▍ </><warning>12:04:31  warning opened</>');
    expect(renderReport({ ...report, event: 'closed' }, 40, marked)[0]).toContain('<good>▍ </>');
  });
});
