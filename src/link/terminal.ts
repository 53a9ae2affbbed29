import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';

/**
 * Opens a terminal device to be read and written without blocking. Its settings stay as they are.
 * @throws the error of the operating system
 */
export function openTerminal(path: string): ReadStream {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  let inUse: number | undefined;
  try {
    const stream = new ReadStream(descriptor);
    inUse = descriptorOf(stream);
    return stream;
  } finally {
    // libuv opens the device once more for itself and would leave ours open for ever (uv_tty_init), which keeps
    // an unplugged ttyUSB0 from becoming ttyUSB0 again. Only where it cannot open it does it use ours.
    if (inUse !== descriptor) closeSync(descriptor);
  }
}

/** Node has no public name for it. */
function descriptorOf(stream: ReadStream): number | undefined {
  return (stream as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
}
