import { type FlightChannelName, flightChannel } from '../values/flight-channels.ts';
import type { ChannelConfig, Config } from './schema.ts';
import { motorOutputs, type VehicleConfig } from './vehicle.ts';

/** What is learned of a vehicle whose channels are not written in the configuration: what every multicopter tells. */
function channelsOf(config: VehicleConfig): Record<string, ChannelConfig> {
  const balances = motorOutputs(config).map((_, index): FlightChannelName => `balance.${index + 1}`);
  const names: FlightChannelName[] = [
    ...(['vibration.x', 'vibration.y', 'vibration.z', 'attitude.error'] as const),
    ...balances,
  ];
  const entries = names.map((name) => {
    const unit = flightChannel(name)?.unit ?? '1';
    return [name.replace('.', '-'), { from: `${config.source}.${name}`, unit, name: name.replace('.', ' ') }];
  });
  return Object.fromEntries(entries);
}

/** The configuration with what vehicles bring by default. */
export function withVehicleChannels(config: Config): Config {
  const assets = Object.entries(config.assets).map(([name, asset]) => {
    const { vehicle: flies, channels } = asset;
    if (flies === undefined || channels !== undefined) return [name, asset] as const;
    return [name, { ...asset, channels: channelsOf(flies) }] as const;
  });
  return { ...config, assets: Object.fromEntries(assets) };
}
