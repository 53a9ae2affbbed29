import { PUMP_CHANNELS } from './pump.ts';

export interface DemoConfigOptions {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly brokerPort: number;
  /** Times faster than real: the daemon knows nothing of it, so its durations are that much shorter. */
  readonly speed: number;
}

/** The daemon's configuration for the demo's pump, in simulated durations divided by the speed. */
export function demoConfig({ dataDir, socketPath, brokerPort, speed }: DemoConfigOptions): string {
  const lasting = (simulatedS: number) => `${Math.round((simulatedS / speed) * 1000)}ms`;
  const channels = PUMP_CHANNELS.map(
    ({ key, name, unit }) => `      ${key}: { from: pump.${key}, unit: ${unit}, name: ${name} }`,
  );
  return `
site: demo
node: pump-skid
dataDir: ${dataDir}
sources:
  pump: { link: { type: unix, path: ${socketPath} } }
assets:
  pump1:
    name: Feed pump 1
    channels:
${channels.join('\n')}
    window: { rateHz: ${2 * speed}, length: ${lasting(10)}, step: ${lasting(1)}, hold: ${lasting(50)} }
    learn: { for: ${Math.ceil(300 / speed)}s }
    incident:
      openAfter: ${lasting(4)}
      closeAfter: ${lasting(20)}
      mergeWithin: ${lasting(20)}
      updateEvery: 10min
      criticalScore: 10
mqtt: { url: "mqtt://127.0.0.1:${brokerPort}", healthInterval: 200ms }
`;
}
