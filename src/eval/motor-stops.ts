import { type Layout, numberIn, textIn } from '../decode/dataflash/layout.ts';
import { RecordReader } from '../decode/dataflash/records.ts';

/** What the log of a simulated flight says about the failure that was put into it: the answers, which no detector sees. */
export interface MotorStops {
  /** In the order in which they were stopped; 1 is the first. */
  readonly stops: readonly { readonly motor: number; readonly timeMs: number }[];
  /** First time that the simulated vehicle hit the ground after the first stop. */
  readonly impactMs: number | undefined;
  /** First time after it that ArduPilot itself reported the loss of thrust. */
  readonly autopilotMs: number | undefined;
  /** From the parameters of the vehicle. */
  readonly frame: 'quad-x' | 'quad-plus' | undefined;
}

/** SERVOn_FUNCTION of motors 1 to 4; 1 takes the output away from the motor (RCPassThru). */
const MOTOR_FUNCTION_FIRST = 33;
const MOTOR_FUNCTION_LAST = 36;
/** ERR records of the thrust loss check (ArduPilot, LogErrorSubsystem and LogErrorCode). */
const THRUST_LOSS = { subsystem: 25, code: 1 } as const;
const QUAD_CLASS = 1;
const FRAME_TYPES = ['quad-plus', 'quad-x'] as const;

/** @param log a DataFlash log of the simulator */
export function readMotorStops(log: Uint8Array): MotorStops {
  const parameters = new Map<string, number>();
  const stops: { motor: number; timeMs: number }[] = [];
  let impactMs: number | undefined;
  let autopilotMs: number | undefined;
  const onRecord = (record: DataView, layout: Layout) => {
    const timeMs = numberIn(record, layout, 'TimeUS') / 1000;
    if (layout.name === 'PARM') {
      const [name, value] = [textIn(record, layout, 'Name'), numberIn(record, layout, 'Value')];
      const motor = motorStopped(name, parameters.get(name), value);
      if (motor !== undefined) stops.push({ motor, timeMs });
      parameters.set(name, value);
    }
    if (stops.length === 0) return;
    if (layout.name === 'MSG' && textIn(record, layout, 'Message').startsWith('SIM Hit ground'))
      impactMs ??= timeMs;
    if (layout.name === 'ERR' && isThrustLoss(record, layout)) autopilotMs ??= timeMs;
  };
  const sink = { onRecord, onNoise: () => {} };
  const reader = new RecordReader();
  reader.push(log, sink);
  reader.end(sink);
  const isQuad = parameters.get('FRAME_CLASS') === QUAD_CLASS;
  const frame = isQuad ? FRAME_TYPES[parameters.get('FRAME_TYPE') ?? Number.NaN] : undefined;
  return { stops, impactMs, autopilotMs, frame };
}

function motorStopped(name: string, before: number | undefined, value: number): number | undefined {
  const isMotor = before !== undefined && before >= MOTOR_FUNCTION_FIRST && before <= MOTOR_FUNCTION_LAST;
  const isStop = /^SERVO\d+_FUNCTION$/.test(name) && isMotor && value === 1;
  return isStop ? before - MOTOR_FUNCTION_FIRST + 1 : undefined;
}

function isThrustLoss(record: DataView, layout: Layout): boolean {
  const { subsystem, code } = THRUST_LOSS;
  return numberIn(record, layout, 'Subsys') === subsystem && numberIn(record, layout, 'ECode') === code;
}
