import type { MirroredAsset, MirroredNode } from '../mirrored.ts';
import type { DataType, MetricValue } from './payload.ts';

/** What one metric says now, before it gets an alias and a time. */
export interface Reading {
  readonly type: DataType;
  readonly value: MetricValue;
  readonly unit?: string;
}

/** Readings of one node or device, by the name of the metric; slashes make folders. */
export type Readings = Readonly<Record<string, Reading>>;

export function nodeReadings({ version, reportsWaiting, sources, sourcesOpen }: MirroredNode): Readings {
  return {
    'Properties/Software': { type: 'String', value: `Fieldnote ${version}` },
    'Reports/Waiting': { type: 'Int64', value: reportsWaiting },
    'Sources/Configured': { type: 'Int64', value: sources },
    'Sources/Open': { type: 'Int64', value: sourcesOpen },
  };
}

export function assetReadings(asset: MirroredAsset): Readings {
  const channels = asset.channels.map(({ key, unit, value }) => [
    `Channels/${key}`,
    { type: 'Double', value, unit } as const,
  ]);
  return {
    'Properties/Name': { type: 'String', value: asset.name },
    Phase: { type: 'String', value: asset.phase },
    Learned: { type: 'Double', value: asset.learned },
    Score: { type: 'Double', value: asset.score },
    'Incident/Open': { type: 'Boolean', value: asset.isIncidentOpen },
    'Incident/Severity': { type: 'String', value: asset.severity },
    'Incident/Text': { type: 'String', value: asset.text },
    ...Object.fromEntries(channels),
  };
}
