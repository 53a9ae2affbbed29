/** Figures that others published, to be printed beside ours; each says where it comes from and what it is good for. */
export interface Board {
  readonly source: string;
  /** What stands in the way of setting its figures beside ours. */
  readonly caution: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [name: string, ...figures: number[]])[];
}

export const SKAB_BOARD: Board = {
  source: 'README of github.com/waico/SKAB, v0.9',
  caution:
    'over all 34 files of the set; Conv-AE, MSET and LSTM-AE look ahead, the best that does not is T²+Q',
  columns: ['F1', 'FAR %', 'MAR %', 'Standard', 'LowFP', 'LowFN'],
  rows: [
    ['Conv-AE', 0.78, 13.55, 28.02, 23.61, 21.54, 27.55],
    ['MSET', 0.78, 39.73, 14.13, 13.84, Number.NaN, Number.NaN],
    ['T²+Q (PCA)', 0.76, 26.62, 24.92, 25.35, 14.51, 31.33],
    ['LSTM-AE', 0.74, 29.96, 25.92, 23.51, 20.11, 25.91],
    ['T²', 0.66, 19.21, 42.6, 19.54, Number.NaN, Number.NaN],
    ['isolation forest', 0.29, Number.NaN, Number.NaN, 26.16, 19.5, 30.82],
    ['MSCRED', 0.36, Number.NaN, Number.NaN, 32.42, 16.53, 40.28],
  ],
};

export const BATADAL_BOARD: Board = {
  source: 'Taormina et al., J. Water Resour. Plann. Manage. 144(8), 2018, and later papers',
  caution: 'entries of the competition were scored on its test dataset, which is another one',
  columns: ['S'],
  rows: [
    ['Housh', 0.97],
    ['Abokifa', 0.949],
    ['HCAE', 0.933],
    ['Tsiami', 0.931],
    ['Giacomoni', 0.927],
    ['Brentan', 0.894],
    ['A3T-GCN', 0.845],
    ['Chandy', 0.802],
    ['Pasha', 0.773],
  ],
};

export interface Line {
  readonly name: string;
  /** NaN where there is none. */
  readonly figures: readonly number[];
}

/** A table with the decimals of each column; figures that are not there are dashes. */
export function tableOf(
  columns: readonly (readonly [name: string, decimals: number])[],
  lines: readonly Line[],
) {
  const nameWidth = Math.max(...lines.map(({ name }) => name.length)) + 2;
  const width = ([name]: readonly [string, number]) => Math.max(name.length, 7) + 2;
  const head = columns.map((column) => column[0].padStart(width(column))).join('');
  const rows = lines.map(({ name, figures }) => {
    const cells = columns.map((column, at) => {
      const figure = figures[at] ?? Number.NaN;
      return (Number.isNaN(figure) ? '–' : figure.toFixed(column[1])).padStart(width(column));
    });
    return name.padEnd(nameWidth) + cells.join('');
  });
  return [' '.repeat(nameWidth) + head, ...rows];
}

export function boardLines({ source, caution, columns, rows }: Board, decimals: readonly number[]): string[] {
  const titles = columns.map((name, at) => [name, decimals[at] ?? 2] as const);
  const lines = rows.map(([name, ...figures]) => ({ name, figures }));
  return [`Published, ${source};`, `not to be compared as they are: ${caution}`, ...tableOf(titles, lines)];
}
