/** What is built for: the names that Debian, npm and the cross compiler have for one processor. */
export interface Target {
  readonly debian: 'amd64' | 'arm64';
  readonly npm: 'x64' | 'arm64';
  /** Prefix of compiler and strip. */
  readonly tools: 'x86_64-linux-gnu-' | 'aarch64-linux-gnu-';
}

export const TARGETS: readonly Target[] = [
  { debian: 'amd64', npm: 'x64', tools: 'x86_64-linux-gnu-' },
  { debian: 'arm64', npm: 'arm64', tools: 'aarch64-linux-gnu-' },
];

export function targetOf(debian: Target['debian']): Target {
  const target = TARGETS.find((one) => one.debian === debian);
  if (target === undefined) throw new Error(`no target ${debian}`);
  return target;
}
