import type { ByteLink } from './byte-link.ts';
import { CHANNELS } from './device.ts';

export const SOURCE = 'mcu';
export const ASSET = 'pump';

export interface ConfigurationOptions {
  readonly link: ByteLink['config'];
  readonly window: {
    readonly rateHz: number;
    readonly length: string;
    readonly step: string;
  };
  /** Brokers tell nodes apart by it. */
  readonly node?: string;
  readonly dataDir?: string;
  readonly brokerPort?: number;
}

/** A configuration that watches the device on one link, as the YAML file would hold it. */
export function configurationOf({ link, window, node = 'board', dataDir, brokerPort }: ConfigurationOptions) {
  const channels = CHANNELS.map(({ key, unit }) => [key, { from: `${SOURCE}.${key}`, unit }]);
  return {
    site: 'bench',
    node,
    sources: { [SOURCE]: { link } },
    assets: { [ASSET]: { channels: Object.fromEntries(channels), window } },
    ...(dataDir !== undefined && { dataDir }),
    ...(brokerPort !== undefined && { mqtt: { url: `mqtt://127.0.0.1:${brokerPort}` } }),
  };
}
