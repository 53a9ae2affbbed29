export interface DemoConfigOptions {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly brokerPort: number;
  /** GGUF file of the language model. */
  readonly modelPath: string;
  /** Times faster than real: the daemon knows nothing of it, so its durations are that much shorter. */
  readonly speed: number;
}

/** Of the firmware, in real time. */
const SAMPLE_RATE_HZ = 50;

/**
 * The daemon's configuration for the demo's pump, in simulated durations divided by the speed. It names no channel: the
 * device says what it measures.
 */
export function demoConfig(options: DemoConfigOptions): string {
  const { dataDir, socketPath, brokerPort, modelPath, speed } = options;
  const lasting = (simulatedS: number) => `${Math.round((simulatedS / speed) * 1000)}ms`;
  const rateHz = Math.min(SAMPLE_RATE_HZ, 2 * speed);
  return `
site: demo
node: pump-skid
dataDir: ${dataDir}
sources:
  pump: { link: { type: unix, path: ${socketPath} } }
assets:
  pump1:
    name: Feed pump 1
    source: pump
    window: { rateHz: ${rateHz}, length: ${lasting(10)}, step: ${lasting(1)}, hold: ${lasting(50)} }
    learn: { for: ${Math.ceil(300 / speed)}s }
    incident:
      openAfter: ${lasting(4)}
      closeAfter: ${lasting(20)}
      mergeWithin: ${lasting(20)}
      updateEvery: 10min
      criticalScore: 10
mqtt: { url: "mqtt://127.0.0.1:${brokerPort}", healthInterval: 200ms }
llm: { model: ${JSON.stringify(modelPath)} }
`;
}
