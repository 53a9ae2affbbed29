/* A device on the desk: a clock that is set by hand, and a wire that keeps everything until it is read. */
#ifndef RIG_H
#define RIG_H

#include <fieldnote_bridge.h>

#define RIG_TICK_HZ 1000000u
#define RIG_WIRE_MAX 65536u
#define RIG_RING_MAX 32768u

typedef struct rig {
    fb_device device;
    fb_config config;
    uint8_t ring[RIG_RING_MAX];
    uint8_t received[FB_FRAME_SIZE_MAX];

    uint32_t now;
    int critical_depth; /* 0 or 1 */
    unsigned kicks;

    uint8_t wire[RIG_WIRE_MAX]; /* what the transmitter has taken */
    size_t wire_size;
    size_t wire_read;

    unsigned commands; /* that the application was asked to carry out */
    uint8_t command_code;
    uint8_t command_arguments[FB_BODY_SIZE_MAX];
    uint8_t command_size;
    uint8_t command_status; /* to answer */
} rig;

/* One frame from the wire. */
typedef struct rig_frame {
    uint8_t type;
    uint8_t stream;
    uint8_t sequence;
    uint8_t size; /* of the body */
    uint8_t body[FB_BODY_SIZE_MAX];
} rig_frame;

/* A device that is started and whose first HELLO is still in its ring. */
void rig_start(rig *rig, uint16_t ring_size);

/* The same, for a configuration that was changed after rig_configure(). */
void rig_configure(rig *rig, uint16_t ring_size);
fb_result rig_restart(rig *rig);

/* The transmitter takes everything, or so many bytes. */
void rig_drain(rig *rig);
void rig_drain_bytes(rig *rig, size_t count);

/* The next frame that was transmitted; false when there is none. Fails the test for anything that is no frame. */
bool rig_read(rig *rig, rig_frame *frame);

/* Drains, and reads until a frame of this type; false when there is none. */
bool rig_find(rig *rig, uint8_t type, rig_frame *frame);

/* Forgets everything that was sent so far. */
void rig_forget(rig *rig);

/* The host sends a frame, or bytes as they are. */
void rig_host_sends(rig *rig, uint8_t type, const void *body, uint8_t size);
void rig_host_sends_bytes(rig *rig, const uint8_t *bytes, size_t size);

/* Time passes, with a poll every 10 ms and the wire drained. */
void rig_pass(rig *rig, uint32_t milliseconds);

uint16_t rig_u16(const uint8_t *bytes);
uint32_t rig_u32(const uint8_t *bytes);

#endif
