#include "fieldnote_bridge_frame.h"

#include "fieldnote_bridge_crc.h"

uint32_t fb_ticks(const fb_device *device)
{
    return device->config->port.ticks(device->config->user);
}

unsigned fb_enter_critical(const fb_device *device)
{
    return device->config->port.enter_critical(device->config->user);
}

void fb_exit_critical(const fb_device *device, unsigned state)
{
    device->config->port.exit_critical(device->config->user, state);
}

uint16_t fb_waiting(const fb_device *device)
{
    unsigned state = fb_enter_critical(device);
    uint16_t tail = device->tail; /* two bytes: the transmit interrupt must not move it between them */
    fb_exit_critical(device, state);
    return (uint16_t)(device->head - tail);
}

uint8_t fb_chunk_size(const fb_device *device, uint8_t fixed, uint16_t left)
{
    uint16_t size = (uint16_t)(device->config->ring_size / 2u - FB_FRAME_OVERHEAD);
    if (size > FB_BODY_SIZE_MAX) size = FB_BODY_SIZE_MAX;
    size = (uint16_t)(size - fixed);
    if (size > left) size = left;
    return (uint8_t)size;
}

/* What a body needs in the ring. One byte is for the extra delimiter, so that room does not depend on time. */
#define NEEDED_BESIDE_BODY (FB_FRAME_OVERHEAD + 1u)

bool fb_fits(const fb_device *device, size_t body_size)
{
    return body_size <= FB_BODY_SIZE_MAX && body_size + NEEDED_BESIDE_BODY <= device->config->ring_size;
}

void fb_count(fb_device *device, uint8_t key, uint8_t increment)
{
    int32_t *counter = &device->counters[key];
    *counter = (int32_t)(((uint32_t)*counter + increment) & INT32_MAX);
}

fb_result fb_drop(fb_device *device)
{
    fb_count(device, FB_STAT_RING_DROPS, 1);
    return FB_FULL;
}

static void set(fb_device *device, uint16_t at, uint8_t byte)
{
    const fb_config *config = device->config;
    config->ring[at & (uint16_t)(config->ring_size - 1u)] = byte;
}

static void put_raw(fb_device *device, uint8_t byte)
{
    set(device, device->put_at++, byte);
}

/* Puts a byte of the frame, in COBS: a zero ends the block, and its place is kept for the code of the next one. */
static void put(fb_device *device, uint8_t byte)
{
    if (byte == 0) {
        set(device, device->code_at, device->code);
        device->code_at = device->put_at++;
        device->code = 1;
    } else {
        put_raw(device, byte);
        device->code++;
    }
}

void fb_put_u8(fb_device *device, uint8_t value)
{
    device->crc = fb_crc16_step(device->crc, value);
    put(device, value);
}

void fb_put_bytes(fb_device *device, const void *bytes, uint8_t size)
{
    const uint8_t *from = (const uint8_t *)bytes;
    while (size-- > 0) fb_put_u8(device, *from++);
}

bool fb_begin_on(fb_device *device, fb_lane *lane, uint8_t type, uint8_t body_size)
{
    uint16_t waiting = fb_waiting(device);
    if (waiting + NEEDED_BESIDE_BODY + body_size > device->config->ring_size) return false;

    device->put_at = device->head;
    if (waiting == 0) put_raw(device, 0); /* the line is idle: end whatever noise came before */
    device->code_at = device->put_at++;
    device->code = 1;
    device->crc = FB_CRC16_START;
    fb_put_u8(device, (uint8_t)(FB_VERSION << 6 | type));
    fb_put_u8(device, lane->id);
    fb_put_u8(device, lane->sequence++);
    return true;
}

bool fb_begin(fb_device *device, uint8_t type, uint8_t body_size)
{
    return fb_begin_on(device, &device->lane, type, body_size);
}

void fb_end(fb_device *device)
{
    const fb_config *config = device->config;
    uint16_t crc = (uint16_t)~device->crc;
    put(device, (uint8_t)crc);
    put(device, (uint8_t)(crc >> 8));
    set(device, device->code_at, device->code);
    put_raw(device, 0);

    /* One critical section for both: a transmit interrupt in between could find the ring empty again, and some UARTs
       never raise that interrupt a second time. */
    unsigned state = fb_enter_critical(device);
    device->head = device->put_at;
    config->port.kick(config->user);
    fb_exit_critical(device, state);
}

uint16_t fb_peek(const fb_device *device, const uint8_t **bytes)
{
    uint16_t size = device->config->ring_size;
    uint16_t waiting = (uint16_t)(device->head - device->tail);
    uint16_t start = (uint16_t)(device->tail & (uint16_t)(size - 1u));
    uint16_t to_end = (uint16_t)(size - start);
    *bytes = device->config->ring + start;
    return waiting < to_end ? waiting : to_end;
}

void fb_consume(fb_device *device, uint16_t count)
{
    device->tail = (uint16_t)(device->tail + count);
}
