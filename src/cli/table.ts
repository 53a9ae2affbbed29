/** Rows of cells as aligned columns, two spaces apart, with `indent` before each line. */
export function alignedRows(rows: readonly (readonly string[])[], indent = ''): string[] {
  const columnCount = Math.max(0, ...rows.map((cells) => cells.length));
  const widths = Array.from({ length: columnCount }, (_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows.map((cells) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${indent}${padded.join('  ')}`.trimEnd();
  });
}
