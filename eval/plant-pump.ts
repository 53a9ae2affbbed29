import { seededRandom, wander } from '../demo/noise.ts';
import { createPump, PUMP_CHANNELS, type PumpChannel, type PumpReading } from '../demo/pump.ts';
import type { Scenario } from '../demo/scenario.ts';
import type { MadeRow } from '../src/eval/judged-rows.ts';

/**
 * A pump over days, one row a second: the demo's pump as a plant runs it. It is started and stopped many times a day, the
 * air follows the sun, the mains and the process wander within hours, and the motor is cold after a long stop. All of
 * that is healthy.
 */

/** Length of a run and of a stop in seconds: anything in between. */
const RUN_S = [1200, 7200] as const;
const STOP_S = [300, 2400] as const;
/** A soft start, and the coasting after the power is gone. */
const START_S = 6;
const COAST_S = 9;
/** Current while it starts over the usual one; a soft starter keeps it so low. */
const START_CURRENT = 2.5;

const DAY_S = 86_400;
const AIR_SWING_C = 4;
const FLUID_SWING_C = 1.5;
const AMBIENT_C = 22;
/** A motor that stands still is cooled by no fan. */
const COOLING_S = 4800;
const WARMING_S = 2400;
/** 5 m of water stand in the pipe: 0.49 bar. */
const STATIC_BAR = 0.49;

/** Names of the channels, in the order of the values. */
export const PLANT_CHANNELS: readonly string[] = PUMP_CHANNELS.map(({ key }) => key);

export interface PlantDays {
  /** Of all that is random. */
  readonly seed: number;
  readonly hours: number;
  /** What is wrong with the pump, and when. */
  readonly scenario: Scenario;
}

/** The pump of a plant, second by second. */
export function* plantPump({ seed, hours, scenario }: PlantDays): Generator<MadeRow> {
  const pump = createPump({ seed, scenario });
  const random = seededRandom(seed ^ 0x5eed);
  const slowly = {
    voltage: wander(random, 1.5, 3600),
    flow: wander(random, 0.006, 5400),
    roughness: wander(random, 0.01, 7200),
  };
  const quiet = createQuietSensors(random);
  const duty = createDuty(random);
  let coldC = 0;
  for (let timeS = 0; timeS < hours * 3600; timeS++) {
    const running = pump.step(1);
    const { speed, isPowered } = duty();
    const [cooled, seconds] = speed > 0 ? [0, WARMING_S] : [running.temp_motor - AMBIENT_C, COOLING_S];
    coldC += (cooled - coldC) * -Math.expm1(-1 / seconds);
    const drift = { voltage: slowly.voltage(1), flow: slowly.flow(1), roughness: slowly.roughness(1) };
    const sun = Math.sin((2 * Math.PI * timeS) / DAY_S);
    const shown = atSpeed({ running, quiet: quiet(), speed, isPowered, drift });
    shown.temp_motor += AIR_SWING_C * sun - coldC;
    shown.temp_fluid += FLUID_SWING_C * sun;
    yield { timeMs: timeS * 1000, values: PUMP_CHANNELS.map(({ key }) => round(shown[key])) };
  }
}

interface Duty {
  /** Share of the rated one. */
  readonly speed: number;
  /** Whether the motor has current; a pump that coasts has none. */
  readonly isPowered: boolean;
}

/** Second by second: runs and stops of random length, with a ramp at either end. */
function createDuty(random: () => number): () => Duty {
  const lasting = ([least, most]: readonly [number, number]) => Math.round(least + (most - least) * random());
  let isPowered = true;
  let leftS = lasting(RUN_S);
  let speed = 1;
  return () => {
    if (leftS-- <= 0) {
      isPowered = !isPowered;
      leftS = lasting(isPowered ? RUN_S : STOP_S);
    }
    speed = isPowered ? Math.min(1, speed + 1 / START_S) : Math.max(0, speed - 1 / COAST_S);
    return { speed, isPowered };
  };
}

interface Moment extends Duty {
  readonly running: PumpReading;
  readonly quiet: Record<PumpChannel, number>;
  readonly drift: { readonly voltage: number; readonly flow: number; readonly roughness: number };
}

/** By the affinity laws: flow with the speed, head with its square. */
function atSpeed({ running, quiet, speed, isPowered, drift }: Moment): Record<PumpChannel, number> {
  const load = speed < 1 ? START_CURRENT : 1;
  const current = isPowered ? load * running.current * (1 + drift.flow / 2) : 0;
  return {
    vibration_de: quiet.vibration_de + speed * running.vibration_de * (1 + drift.roughness),
    vibration_nde: quiet.vibration_nde + speed * running.vibration_nde * (1 + drift.roughness),
    current: quiet.current + current,
    pressure: quiet.pressure + STATIC_BAR + speed ** 2 * (running.pressure - STATIC_BAR) * (1 - drift.flow),
    temp_motor: running.temp_motor,
    temp_fluid: running.temp_fluid,
    voltage: running.voltage + drift.voltage + 2 * (1 - speed),
    flow: quiet.flow + speed * running.flow * (1 + drift.flow),
  };
}

/** What the sensors show of a pump that stands still. */
function createQuietSensors(random: () => number): () => Record<PumpChannel, number> {
  const noises = PUMP_CHANNELS.map(({ key, noise }) => [key, wander(random, noise / 2, 1)] as const);
  return () =>
    Object.fromEntries(noises.map(([key, noise]) => [key, noise(1)])) as Record<PumpChannel, number>;
}

/** Sensors have no more digits. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
