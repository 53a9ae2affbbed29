import { motorArmsDeg, motorOutputs, type VehicleConfig } from './config/vehicle.ts';
import { FlightSummary } from './flight-summary.ts';
import type { AssetIncidents } from './incidents.ts';
import { LimitWatch } from './judge/flight/limit-watch.ts';
import { MotorFailureDetector } from './judge/flight/motor-failure.ts';
import type { SampleTime } from './sample-time.ts';
import type { Clock } from './system/clock.ts';
import type { Logger } from './system/log.ts';
import type { DigestFlight } from './values/digest.ts';
import type { FlightFinding, FlightSample } from './values/flight-finding.ts';
import { type FlightPhase, isAirborne } from './values/flight-phase.ts';
import type { FlightFault, Severity } from './values/incident.ts';
import type { Period } from './values/period.ts';
import type { Sample } from './values/sample.ts';
import { FlightDerived } from './window/flight-derived.ts';
import { FlightPhases } from './window/flight-phases.ts';

/** A vehicle that stands on the ground so long has landed, armed or not. */
const LANDED_MS = 30_000;
/** A vehicle in the air of which nothing was heard for so long is not waited for any more. */
const SILENT_MS = 60_000;
/** Between two findings about the same there may be a whole flight. */
const STEP_MS = 3_600_000;

/** What of an asset is watched only in some phases. */
interface Watched {
  push(sample: Sample): void;
  resume(timeMs: number): void;
  standBy(): void;
}

export interface FlightWatchOptions {
  readonly asset: DigestFlight['asset'];
  readonly config: VehicleConfig;
  /** Time of the samples of the vehicle. */
  readonly timeOf: SampleTime;
  readonly clock: Pick<Clock, 'stampAt'>;
  readonly log: Logger;
  readonly incidents: Pick<AssetIncidents, 'follow' | 'openOf' | 'settings'>;
  readonly watched: Watched;
  /** A flight is over. */
  readonly onFlight?: ((flight: DigestFlight, period: Period) => void) | undefined;
}

interface Flight {
  readonly beganMs: number;
  readonly summary: FlightSummary;
  /** Subjects that the rules have found something about. */
  readonly found: Set<string>;
  hasFlown: boolean;
}

/**
 * One vehicle on its way: samples → phases of flight → what is learned and judged in the steady ones, findings of the rules
 * at any time → incidents, and at the end of each flight its digest.
 */
export class FlightWatch {
  readonly #options: FlightWatchOptions;
  readonly #phases = new FlightPhases();
  readonly #derived: FlightDerived;
  readonly #limits = new LimitWatch();
  readonly #motors: MotorFailureDetector | undefined;
  #flight: Flight | undefined;
  #phaseMs = Number.NEGATIVE_INFINITY;
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(options: FlightWatchOptions) {
    const { config } = options;
    this.#options = options;
    this.#derived = new FlightDerived(motorOutputs(config));
    const arms = motorArmsDeg(config);
    this.#motors = arms.length === 0 ? undefined : new MotorFailureDetector(arms);
    options.watched.standBy();
  }

  get phase(): FlightPhase {
    return this.#phases.phase;
  }

  /** Everything that the asset is fed comes through here. */
  push(sample: Sample): void {
    const { config, timeOf, watched } = this.#options;
    if (sample.source !== config.source) {
      watched.push(sample);
      return;
    }
    const timeMs = timeOf(sample);
    this.#latestMs = timeMs;
    if (this.#phases.push(sample, timeMs)) this.#enter(timeMs);
    this.#flight?.summary.push(sample, this.phase, timeMs);
    this.#judge({ timeMs, names: sample.names, values: sample.values });
    for (const one of [sample, ...this.#derived.push(sample)]) watched.push(one);
    this.advanceTo(timeMs);
  }

  /** Time goes on, whether samples come or not. */
  advanceTo(timeMs: number): void {
    if (this.#flight?.hasFlown !== true) return;
    if (timeMs - this.#latestMs >= SILENT_MS) this.#end('silent', this.#latestMs);
    else if (this.phase === 'ground' && timeMs - this.#phaseMs >= LANDED_MS) this.#end('on-ground', timeMs);
  }

  #enter(timeMs: number): void {
    const { asset, config, log, watched } = this.#options;
    const { phase } = this;
    log.info({ asset: asset.key, phase }, `${asset.name}: ${phase}`);
    this.#phaseMs = timeMs;
    if (phase === 'disarmed') {
      this.#end('disarmed', timeMs);
    } else {
      const begun = {
        beganMs: timeMs,
        summary: new FlightSummary(),
        found: new Set<string>(),
        hasFlown: false,
      };
      this.#flight ??= begun;
      this.#flight.hasFlown ||= isAirborne(phase);
    }
    if (config.phases.some((steady) => steady === phase)) watched.resume(timeMs);
    else watched.standBy();
  }

  #end(ended: DigestFlight['ended'], timeMs: number): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight?.hasFlown !== true) return;
    const { asset, clock, incidents, onFlight } = this.#options;
    flight.summary.advanceTo(timeMs, this.phase);
    // It has flown, and what was found on an earlier flight was not found again.
    for (const { subject = '', flight: before } of incidents.openOf('flight'))
      if (before?.finding === 'motor-failure' && !flight.found.has(subject))
        this.#follow(subject, timeMs, 0, before);
    const period = { from: clock.stampAt(flight.beganMs), to: clock.stampAt(timeMs) };
    onFlight?.(flight.summary.facts(asset, ended), period);
  }

  #judge(sample: FlightSample): void {
    for (const finding of [...(this.#motors?.push(sample) ?? []), ...this.#limits.push(sample)]) {
      const subject = subjectOf(finding);
      this.#flight?.found.add(subject);
      const fault = this.#faultOf(finding);
      const severity = finding.kind === 'limit' ? finding.severity : 'critical';
      const score = finding.event === 'closed' ? 0 : this.#scoreOf(severity);
      this.#follow(subject, finding.timeMs, score, fault);
    }
  }

  #follow(subject: string, endMs: number, score: number, flight: FlightFault): void {
    const { asset, incidents } = this.#options;
    incidents.follow({
      about: { kind: 'flight', subject },
      verdict: { kind: 'judged', asset: asset.key, endMs, model: '', score, deviations: [], labels: [] },
      flight,
      stepMs: STEP_MS,
      // The rules have waited as long as their limits say.
      settings: { ...incidents.settings, openAfter: 0, closeAfter: 0 },
    });
  }

  #scoreOf(severity: Severity): number {
    return { notice: 1, warning: 2, critical: this.#options.incidents.settings.criticalScore }[severity];
  }

  #faultOf(finding: FlightFinding): FlightFault {
    const { clock } = this.#options;
    const head = { finding: finding.kind, phase: this.phase, since: clock.stampAt(finding.sinceMs) };
    if (finding.kind === 'motor-failure') {
      const { motor, excessDeg } = finding;
      return { ...head, ...(motor !== undefined && { motor }), excessDeg };
    }
    const { channel, unit, direction, value, worst, limit, source: limitBy } = finding;
    return { ...head, channel, unit, direction, value, worst, limit, limitBy };
  }
}

/** Findings about the same continue the same incident. */
function subjectOf(finding: FlightFinding): string {
  return finding.kind === 'motor-failure' ? 'motors' : `${finding.rule}:${finding.channel}`;
}
