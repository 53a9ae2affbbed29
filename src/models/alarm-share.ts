/** Verdicts are counted in blocks, of which the oldest is forgotten. */
const BLOCKS = 60;

/** Share of alarms among the latest verdicts. */
export class AlarmShare {
  readonly #blockLength: number;
  readonly #blocks: { verdicts: number; alarms: number }[] = [];

  /** @param verdicts how many of the latest count, to a sixtieth of them */
  constructor(verdicts: number) {
    this.#blockLength = Math.ceil(verdicts / BLOCKS);
  }

  add(isAlarm: boolean): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.verdicts === this.#blockLength) {
      block = { verdicts: 0, alarms: 0 };
      this.#blocks.push(block);
      if (this.#blocks.length > BLOCKS) this.#blocks.shift();
    }
    block.verdicts++;
    block.alarms += Number(isAlarm);
  }

  /** 0 to 1; undefined when there was no verdict. */
  get value(): number | undefined {
    const verdicts = this.#blocks.reduce((sum, block) => sum + block.verdicts, 0);
    const alarms = this.#blocks.reduce((sum, block) => sum + block.alarms, 0);
    return verdicts === 0 ? undefined : alarms / verdicts;
  }
}
