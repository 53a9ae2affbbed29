import type {
  MirroredAsset,
  MirroredChannel,
  MirroredNode,
  MirroredState,
} from '../../src/publish/mirrored.ts';

export function mirroredAsset(change: Partial<MirroredAsset> = {}): MirroredAsset {
  return {
    ...{ key: 'pump', name: 'Feed pump', isOnline: true, phase: 'watching', learned: 1, score: 0.25 },
    ...{ isIncidentOpen: false, severity: 'none', text: '', channels: [mirroredChannel()] },
    ...change,
  };
}

export function mirroredChannel(change: Partial<MirroredChannel> = {}): MirroredChannel {
  return { key: 'vib', name: 'Vibration', unit: 'mm/s', value: 1.5, ...change };
}

export function mirroredState({
  assets = [mirroredAsset()],
  ...node
}: Partial<MirroredNode> & { assets?: readonly MirroredAsset[] } = {}): MirroredState {
  return { node: { version: '0.1.0', reportsWaiting: 0, sources: 1, sourcesOpen: 1, ...node }, assets };
}
