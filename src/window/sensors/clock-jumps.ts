/** A device clock that goes forward or back by more at once was set; jitter and backlogs of a link are late, never early. */
const JUMP_MS_MIN = 1000;
/** A clock that falls back to so little counts from its start: the device was restarted. */
const RESTART_MS_MAX = 60_000;
/** Least delays may seem to shrink by so much of the time that went by, when the clock of the device runs fast. */
const DRIFT_MAX = 1e-3;

/**
 * Follows the clock of one device by the time that is written in its data. Its lead over the arrival is greatest for
 * the sample with the least delay; no delay makes it greater, so a lead that grows at once is the clock's doing.
 */
export class ClockJumps {
  #leadMs = Number.NaN;
  #deviceMs = Number.NEGATIVE_INFINITY;
  #arrivalMs = 0;

  /** @returns by how much the clock jumped just now, negative for back; undefined when it did not */
  push(deviceMs: number, arrivalMs: number): number | undefined {
    const elapsedMs = arrivalMs - this.#arrivalMs;
    const leadMs = deviceMs - arrivalMs;
    const growthMs = leadMs - this.#leadMs;
    const setBackMs = this.#deviceMs + elapsedMs - deviceMs;
    const isBack = deviceMs < this.#deviceMs - JUMP_MS_MIN;
    const isForward = growthMs > JUMP_MS_MIN + DRIFT_MAX * elapsedMs;
    const isRestart = isBack && deviceMs >= 0 && deviceMs < RESTART_MS_MAX;
    this.#leadMs =
      isBack || isForward ? leadMs : Math.max(leadMs, Number.isNaN(this.#leadMs) ? leadMs : this.#leadMs);
    this.#deviceMs = isBack ? deviceMs : Math.max(this.#deviceMs, deviceMs);
    this.#arrivalMs = arrivalMs;
    if (isBack) return isRestart ? undefined : -setBackMs;
    return isForward ? growthMs : undefined;
  }
}
