import { seededRandom, wander } from './noise.ts';
import type { Scenario } from './scenario.ts';

/**
 * A 1.5 kW centrifugal pump with a two-pole induction motor on 400 V, which circulates water through a valve: its
 * physics, and the eight sensors on it. The relations are those of any textbook on pumps (such as Gülich,
 * "Centrifugal Pumps") and on induction machines; the constants belong to no real make.
 *
 * What a condition changes, in the order of the calculation:
 *   mains → speed (slip) → flow and head (pump curve meets system curve) → shaft power (efficiency) → current and
 *   losses → motor temperature; flow and unbalance → vibration.
 */

/** The sensors, with the standard deviation of their own noise in their unit. */
export const PUMP_CHANNELS = [
  { key: 'vibration_de', unit: 'mm/s', noise: 0.05 },
  { key: 'vibration_nde', unit: 'mm/s', noise: 0.04 },
  { key: 'current', unit: 'A', noise: 0.015 },
  { key: 'pressure', unit: 'bar', noise: 0.02 },
  { key: 'temp_motor', unit: '°C', noise: 0.4 },
  { key: 'temp_fluid', unit: '°C', noise: 0.25 },
  { key: 'voltage', unit: 'V', noise: 0.8 },
  { key: 'flow', unit: 'L/min', noise: 3 },
] as const;

export type PumpChannel = (typeof PUMP_CHANNELS)[number]['key'];

/** What the sensors show at one simulated time, in the units of PUMP_CHANNELS. */
export interface PumpReading extends Readonly<Record<PumpChannel, number>> {
  readonly timeS: number;
}

export interface Pump {
  /** Lets simulated time pass and reads all sensors. */
  step(stepS: number): PumpReading;
}

const WATER = { densityKgL: 0.998, heatJkgK: 4186, gravity: 9.81 } as const;

/** Head in m and flow in L/min: the pump at rated speed, and the pipes and the valve it works against. */
const HYDRAULICS = {
  ratedRpm: 2880,
  shutOffHeadM: 26,
  headLossM: 6 / 250 ** 2,
  staticHeadM: 5,
  pipeM: 10 / 250 ** 2,
  openValveM: 5 / 250 ** 2,
  bestFlow: 255,
  bestEfficiency: 0.62,
} as const;

const MOTOR = {
  ratedW: 1500,
  ratedSlip: 0.04,
  ratedV: 400,
  magnetisingA: 1.6,
  resistanceOhm: 7.3,
  fixedLossW: 80,
  thermalKW: 0.18,
  timeConstantS: 2400,
} as const;

/**
 * Mobility: mm/s per newton of rotating force; the drive end carries the coupling and the longer overhang. `flow` is
 * the velocity that full recirculation adds, `base` what bearings and blades always make.
 */
const VIBRATION = {
  drive: { base: 0.95, mobility: 0.11, flow: 4.2 },
  nonDrive: { base: 0.75, mobility: 0.045, flow: 3.0 },
} as const;

const AMBIENT_C = 22;
const FLUID_C = 24;

export interface OperatingPoint {
  readonly flowLmin: number;
  readonly headM: number;
  readonly hydraulicW: number;
  readonly shaftW: number;
  /** Flow ÷ flow of best efficiency at this speed. */
  readonly load: number;
}

/**
 * Where the pump curve meets the system curve, n = speed ÷ rated speed:
 *   pump    H = n²·H₀ − a·Q²               quadratic curve, moved by the affinity laws Q ∝ n, H ∝ n²
 *   system  H = H_static + (k_pipe + k_valve/x²)·Q²      turbulent friction; valve with a linear characteristic
 * Efficiency is the parabola through zero flow and the best point, η = η_best·(2q − q²), which makes the shaft power
 * P = ρ·g·Q·H/η rise with the flow, as it does for radial impellers.
 */
export function operatingPoint(speed: number, valveOpening: number, resistance = 1): OperatingPoint {
  const { shutOffHeadM, headLossM, staticHeadM, pipeM, openValveM, bestFlow, bestEfficiency } = HYDRAULICS;
  const systemM = resistance * (pipeM + openValveM / valveOpening ** 2);
  const flowLmin = Math.sqrt(Math.max(0, speed ** 2 * shutOffHeadM - staticHeadM) / (headLossM + systemM));
  const headM = speed ** 2 * shutOffHeadM - headLossM * flowLmin ** 2;
  const load = flowLmin / (speed * bestFlow);
  const weightNs = (WATER.densityKgL * WATER.gravity * flowLmin) / 60;
  const bestFlowW = (WATER.densityKgL * WATER.gravity * speed * bestFlow * headM) / 60;
  return {
    flowLmin,
    headM,
    hydraulicW: weightNs * headM,
    shaftW: bestFlowW / (bestEfficiency * (2 - load)),
    load,
  };
}

/**
 * Line current and losses of the motor. Active and magnetising current add at right angles, I² = I_a² + I_m² with
 * I_a = P_in/(√3·U) and I_m ∝ U; losses are fixed ones and copper, 3·R·I². Put together, P_in solves
 * (R/U²)·P_in² − P_in + (P_shaft + P_fixed + 3·R·I_m²) = 0.
 */
export function motorLoad(shaftW: number, voltageV: number): { currentA: number; lossW: number } {
  const { magnetisingA, resistanceOhm, fixedLossW, ratedV } = MOTOR;
  const idleA = (magnetisingA * voltageV) / ratedV;
  const square = resistanceOhm / voltageV ** 2;
  const rest = shaftW + fixedLossW + 3 * resistanceOhm * idleA ** 2;
  const inputW = (1 - Math.sqrt(1 - 4 * square * rest)) / (2 * square);
  return { currentA: Math.hypot(inputW / (Math.sqrt(3) * voltageV), idleA), lossW: inputW - shaftW };
}

/**
 * Overall vibration velocity in mm/s RMS at one bearing. Sources that do not keep step add as squares: bearings and
 * blades; the rotating force U·ω² of the unbalance through the mobility of the bearing; recirculation away from
 * the best point, which grows with the square of the distance. For machines up to 15 kW, ISO 10816-1 (now ISO
 * 20816-1) calls 0.71 to 1.8 mm/s acceptable, up to 4.5 unsatisfactory, and more than that unacceptable.
 */
export function vibrationMmS(
  { base, mobility, flow }: (typeof VIBRATION)[keyof typeof VIBRATION],
  { speed, load, unbalanceGmm }: { speed: number; load: number; unbalanceGmm: number },
): number {
  const omega = (2 * Math.PI * speed * HYDRAULICS.ratedRpm) / 60;
  const forceN = unbalanceGmm * 1e-6 * omega ** 2;
  return Math.hypot(base * speed, mobility * forceN, flow * (1 - load) ** 2);
}

/** Creates the pump, warm and running; the same seed, scenario and steps give the same readings. */
export function createPump({ seed, scenario }: { seed: number; scenario: Scenario }): Pump {
  const random = seededRandom(seed);
  const drift = createDrifts(random);
  const read = createSensors(random);
  let timeS = 0;
  let shaftW = operatingPoint(1, 1).shaftW;
  let motorC = AMBIENT_C + MOTOR.thermalKW * motorLoad(shaftW, MOTOR.ratedV).lossW;

  return {
    step(stepS) {
      timeS += stepS;
      const { valveOpening, unbalanceGmm } = scenario(timeS);
      const voltageV = MOTOR.ratedV + drift.voltage(stepS);
      const speed = shaftSpeed(1 + drift.frequency(stepS), voltageV, shaftW);
      const point = operatingPoint(speed, valveOpening, 1 + drift.resistance(stepS));
      shaftW = point.shaftW;
      const { currentA, lossW } = motorLoad(shaftW, voltageV);
      motorC += (AMBIENT_C + MOTOR.thermalKW * lossW - motorC) * -Math.expm1(-stepS / MOTOR.timeConstantS);
      const shaking = { speed, load: point.load, unbalanceGmm };
      const roughness = 1 + drift.roughness(stepS);
      const truth = {
        vibration_de: roughness * vibrationMmS(VIBRATION.drive, shaking),
        vibration_nde: roughness * vibrationMmS(VIBRATION.nonDrive, shaking),
        current: currentA,
        pressure: (WATER.densityKgL * WATER.gravity * point.headM) / 100,
        temp_motor: motorC + drift.motorAir(stepS),
        temp_fluid: FLUID_C + drift.fluid(stepS) + fluidRiseK(point),
        voltage: voltageV,
        flow: point.flowLmin,
      };
      return { timeS, ...read(truth, stepS) };
    },
  };
}

/** What wanders around a healthy pump; the memories are short enough to be seen while normal is learned. */
function createDrifts(random: () => number) {
  return {
    voltage: wander(random, 1.5, 4),
    frequency: wander(random, 0.0004, 4),
    resistance: wander(random, 0.05, 4),
    roughness: wander(random, 0.04, 3),
    motorAir: wander(random, 0.5, 5),
    fluid: wander(random, 0.2, 4),
  };
}

/** Eight sensors with noise of their own, which their filters stretch over about a second. */
function createSensors(random: () => number) {
  const sensors = PUMP_CHANNELS.map(({ key, noise }) => [key, wander(random, noise, 1)] as const);
  return (truth: Record<PumpChannel, number>, stepS: number) =>
    Object.fromEntries(
      sensors.map(([key, noise]) => [key, Math.max(0, truth[key] + noise(stepS))]),
    ) as Record<PumpChannel, number>;
}

/** Speed ÷ rated speed. Slip is proportional to torque and to 1/U² in the working range of the motor. */
function shaftSpeed(frequency: number, voltageV: number, shaftW: number): number {
  const { ratedSlip, ratedW, ratedV } = MOTOR;
  const slip = ratedSlip * (shaftW / ratedW) * (ratedV / voltageV) ** 2;
  return (frequency * (1 - slip)) / (1 - ratedSlip);
}

/** What the shaft power that does not lift the water warms it by, ΔT = (P_shaft − P_hydraulic)/(ρ·Q·c). */
function fluidRiseK({ shaftW, hydraulicW, flowLmin }: OperatingPoint): number {
  return (shaftW - hydraulicW) / (WATER.densityKgL * (flowLmin / 60) * WATER.heatJkgK);
}
