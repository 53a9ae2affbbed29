const WIDTH = 30;

/** Where a bar is drawn: stderr, which may be no terminal. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Says how far a work has come: a bar that is drawn over itself on a terminal, a line for each tenth elsewhere.
 * @returns to be called with the share that is done, 0 to 1; 1 ends the bar
 */
export function progressBar(output: ProgressOutput, what: string): (share: number) => void {
  let shown = -1;
  return (share) => {
    const step = output.isTTY ? 1 : 10;
    const percent = Math.floor((Math.min(1, share) * 100) / step) * step;
    if (percent <= shown) return;
    shown = percent;
    const filled = Math.round((percent / 100) * WIDTH);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}`;
    if (output.isTTY) output.write(`\r${what} [${bar}] ${percent} %${percent === 100 ? '\n' : ''}`);
    else output.write(`${what}, ${percent} %\n`);
  };
}
