import { BridgeDecoder } from './bridge/decoder.ts';
import { DataflashDecoder } from './dataflash/decoder.ts';
import { MavlinkDecoder } from './mavlink/decoder.ts';
import { NmeaDecoder } from './nmea/decoder.ts';
import { candidatesOf, Recogniser } from './recognise.ts';
import type { Decoder, DecoderOptions } from './seam.ts';
import { LineDecoder } from './text.ts';
import { UlogDecoder } from './ulog/decoder.ts';

export type { Decoder, DecoderOptions, DescriptorCache, Protocol } from './seam.ts';

export function createDecoder(options: DecoderOptions): Decoder {
  switch (options.protocol) {
    case 'auto':
      return new Recogniser(options.source, () => candidatesOf(options));
    case 'text':
    case 'modbus':
      return new LineDecoder(options.source);
    case 'bridge':
      return new BridgeDecoder(options);
    case 'nmea':
      return new NmeaDecoder(options.source);
    case 'mavlink':
      return new MavlinkDecoder(options);
    case 'dataflash':
      return new DataflashDecoder(options.source);
    case 'ulog':
      return new UlogDecoder(options.source);
  }
}
