/*
 * firmware-bridge over any Arduino Stream: Serial, Serial1, USB. The quick way to a first frame on a board without a port of
 * its own; examples/SelfTest uses it. Needs a Stream with availableForWrite(), as all hardware serial ports have.
 */
#ifndef FIELDNOTE_BRIDGE_STREAM_H
#define FIELDNOTE_BRIDGE_STREAM_H

#include <Arduino.h>

#include "fieldnote_bridge.h"

namespace fieldnote {

/* The main loop moves the bytes, so that no interrupt needs to be kept out and nothing to be started. */
inline void doNothing(void *) {}
inline uint32_t readMicros(void *) { return micros(); }
inline unsigned enterNothing(void *) { return 0; }
inline void exitNothing(void *, unsigned) {}

/** The port: ticks are microseconds, so fb_config.tick_hz is 1000000. */
inline fb_port streamPort()
{
    fb_port port = {doNothing, readMicros, enterNothing, exitNothing};
    return port;
}

/** Moves what fits in both directions. Call it in every loop(), right before fb_poll(). Never waits. */
inline void moveBytes(fb_device &device, Stream &stream)
{
    uint8_t byte;
    while (stream.availableForWrite() > 0 && fb_take(&device, &byte)) stream.write(byte);
    while (stream.available() > 0) fb_receive(&device, static_cast<uint8_t>(stream.read()));
}

}  // namespace fieldnote

#endif
