import { writeSync } from 'node:fs';
import { replaceDurably, syncFolder } from '../../src/system/durable-file.ts';
import { bundleOf, UPDATES } from '../support/update-crash-states.ts';
import { CONFIGURATION, UpdateDevice } from '../support/update-device.ts';

/**
 * What the releases of a device live through, for a recording of its system calls: updates of everything, of the configuration
 * alone, one that is rolled back and one that is refused. Says `<sequence> <result>` when an outcome is told.
 */
const [folder = ''] = process.argv.slice(2);
const device = new UpdateDevice(folder);
// The package has brought them.
await replaceDurably(device.configurationPath, CONFIGURATION);
for (const path of [device.releasesFolder, folder]) await syncFolder(path);
writeSync(1, '0 begun\n');
for (const update of UPDATES) {
  if (update.behaviour !== undefined) device.behaviours.set(update.sequence, update.behaviour);
  const outcome = await device.apply(bundleOf(update));
  writeSync(1, `${update.sequence} ${outcome === 'cut' ? outcome : outcome.result}\n`);
}
