import type { LinkConfig } from '../config/schema.ts';
import { FieldnoteError } from '../system/errors.ts';
import { datagramOpener } from './datagrams.ts';
import type { OpenLinkFunction } from './open-link.ts';
import { recordingOpener } from './recording.ts';
import { serialOpener } from './serial.ts';
import { socketOpener } from './stream-socket.ts';

/** Chooses how to open what the configuration names. */
export function linkOpener(config: LinkConfig): OpenLinkFunction {
  switch (config.type) {
    case 'serial':
      return serialOpener(config);
    case 'tcp':
      return socketOpener({ host: config.host, port: config.port });
    case 'udp':
      return datagramOpener(config);
    case 'unix':
      return socketOpener({ path: config.path });
    case 'file':
      return recordingOpener(config.path);
    case 'iio':
    case 'hwmon':
      throw new FieldnoteError('LINK_UNAVAILABLE', `An ${config.type} device gives values, not bytes`);
  }
}
