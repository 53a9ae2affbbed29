import type { Manifest } from './bundle.ts';

/** What an update is held against. */
export interface Device {
  /** As process.arch has it. */
  readonly architecture: string;
  readonly site: string;
  readonly node: string;
  /** Of the newest update that was ever tried here; 0 before the first. */
  readonly highestSequence: number;
  /** Of the agent that runs. */
  readonly storeSchema: number;
  /** The latest time that it surely is: the clock may be behind, for a device without a battery for it. */
  readonly nowMs: number;
}

/** Why a device does not take an update that is signed rightly; undefined when it does. */
export function refusalOf(manifest: Manifest, device: Device): string | undefined {
  const { sequence, notAfter, storeSchema } = manifest;
  const { architecture, site, nodes } = manifest.for;
  if (sequence <= device.highestSequence)
    return `its sequence ${sequence} is not higher than ${device.highestSequence}, which was here already`;
  if (Date.parse(notAfter) < device.nowMs)
    return `it was to be taken until ${notAfter}, and it is ${new Date(device.nowMs).toISOString()} at least`;
  if (architecture !== undefined && architecture !== device.architecture)
    return `it is for ${architecture}, and this device is ${device.architecture}`;
  if (site !== undefined && site !== device.site)
    return `it is for the site ${site}, and this device is at ${device.site}`;
  if (nodes !== undefined && !nodes.includes(device.node))
    return `it is for ${nodes.slice(0, 5).join(', ')}${nodes.length > 5 ? ', …' : ''}, and this device is ${device.node}`;
  // The way back would lead to an agent that cannot read the store.
  if (storeSchema !== undefined && storeSchema !== device.storeSchema)
    return `its agent writes another store (schema ${storeSchema}, here ${device.storeSchema}): install the package instead`;
  return undefined;
}
