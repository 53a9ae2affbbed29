/*
 * Private: writes one frame at a time into the ring, with CRC and COBS on the way. The transmitter sees nothing of a frame
 * before fb_end().
 */
#ifndef FIELDNOTE_BRIDGE_FRAME_H
#define FIELDNOTE_BRIDGE_FRAME_H

#include "fieldnote_bridge.h"

/* Bytes that a frame adds to its body on the wire: header 3, CRC 2, COBS 1, delimiter 1. */
#define FB_FRAME_OVERHEAD 7u

/* Bytes in the ring that are not sent yet. */
uint16_t fb_waiting(const fb_device *device);

/* Bytes that a chunk of something longer may have: its frame, whose body begins with `fixed` bytes, fills at most half
   of the ring, so that samples find room beside it. */
uint8_t fb_chunk_size(const fb_device *device, uint8_t fixed, uint16_t left);

/* Begins a frame, if a body of exactly this size has room now; then the body is put, then fb_end() called. The sequence
   counts on only when it has room. */
bool fb_begin_on(fb_device *device, fb_lane *lane, uint8_t type, uint8_t body_size);

/* The same for a frame of the device itself. */
bool fb_begin(fb_device *device, uint8_t type, uint8_t body_size);

void fb_put_u8(fb_device *device, uint8_t value);
void fb_put_bytes(fb_device *device, const void *bytes, uint8_t size);
void fb_end(fb_device *device);

/* Whether a body of this size fits a frame, and the frame an empty ring. */
bool fb_fits(const fb_device *device, size_t body_size);

/* Counts on; after 2^31 - 1 comes 0. */
void fb_count(fb_device *device, uint8_t key, uint8_t increment);

/* Counts a frame of the application that found no room. Returns FB_FULL. */
fb_result fb_drop(fb_device *device);

/* Sends figures; returns false, and counts nothing, when they find no room. */
bool fb_put_stats(fb_device *device, uint8_t key, const int32_t *values, uint8_t count);

/* The port, called. */
uint32_t fb_ticks(const fb_device *device);
unsigned fb_enter_critical(const fb_device *device);
void fb_exit_critical(const fb_device *device, unsigned state);

#endif
