/*
 * What a device does by itself: HELLO, STATS, the descriptor, and the answers to its host. These frames wait for room in
 * the ring; only what the application sends can be dropped.
 */
#include "fieldnote_bridge_crc.h"
#include "fieldnote_bridge_frame.h"

#define RING_SIZE_MIN 128u /* HELLO at its largest fits */
#define TICK_HZ_MIN 1000u
#define TICK_HZ_MAX 50000000u /* a main loop that hangs for a minute is still told apart from time going back */

#define HELLO_SECONDS (FB_HELLO_PERIOD_MS / 1000u)
#define HOST_SECONDS (FB_HOST_SILENCE_MS / 1000u)

/* Everything before the body of a received frame. */
#define HEADER_SIZE 3u

static bool is_sound(const fb_config *config)
{
    bool is_ring = config->ring_size >= RING_SIZE_MIN && (config->ring_size & (uint16_t)(config->ring_size - 1u)) == 0;
    bool is_clock = config->tick_hz >= TICK_HZ_MIN && config->tick_hz <= TICK_HZ_MAX;
    bool is_named = config->uid_size <= FB_UID_SIZE_MAX && strlen(config->firmware) <= FB_FIRMWARE_SIZE_MAX;
    return is_ring && is_clock && is_named && config->receive_size <= FB_FRAME_SIZE_MAX;
}

static bool send_hello(fb_device *device)
{
    const fb_config *config = device->config;
    uint8_t firmware_size = (uint8_t)strlen(config->firmware);
    uint8_t size = (uint8_t)(FB_HELLO_SIZE_MIN + config->uid_size + firmware_size);
    if (!fb_begin(device, FB_TYPE_HELLO, size)) return false;
    fb_put_u8(device, FB_REVISION);
    fb_put_u8(device, config->reset_cause);
    fb_put_u8(device, config->receive_size);
    fb_put_u8(device, 0); /* upper half of the receive window */
    fb_put_bytes(device, &config->boot_id, sizeof config->boot_id);
    fb_put_bytes(device, &config->tick_hz, sizeof config->tick_hz);
    fb_put_bytes(device, &config->descriptor_crc32c, sizeof config->descriptor_crc32c);
    fb_put_bytes(device, &device->now, sizeof device->now);
    fb_put_u8(device, config->uid_size);
    fb_put_bytes(device, config->uid, config->uid_size);
    fb_put_bytes(device, config->firmware, firmware_size);
    fb_end(device);
    device->hello_seconds = HELLO_SECONDS;
    return true;
}

static bool send_counters(fb_device *device)
{
    device->counters[FB_STAT_RECEIVE_ERRORS] = device->receiver.errors;
    return fb_put_stats(device, 0, device->counters, FB_OWN_COUNTERS);
}

/* Sends the chunk at desc_offset, and goes on to the next one. */
static bool send_chunk(fb_device *device)
{
    const fb_config *config = device->config;
    const uint8_t *from = config->descriptor + device->desc_offset;
    uint16_t left = (uint16_t)(config->descriptor_size - device->desc_offset);
    uint8_t size = fb_chunk_size(device, FB_DESC_SIZE_MIN, left);
    if (!fb_begin(device, FB_TYPE_DESC, (uint8_t)(FB_DESC_SIZE_MIN + size))) return false;
    fb_put_bytes(device, &device->desc_offset, sizeof device->desc_offset);
    fb_put_bytes(device, &config->descriptor_size, sizeof config->descriptor_size);
    device->desc_offset = size < left ? (uint16_t)(device->desc_offset + size) : 0;
    while (size-- > 0) fb_put_u8(device, FB_READ_FLASH(from++));
    fb_end(device);
    return true;
}

static bool answer_desc(fb_device *device, const uint8_t *body, uint8_t size)
{
    uint16_t offset;
    if (size != FB_DESC_REQUEST_SIZE_MIN) return true;
    memcpy(&offset, body, sizeof offset);
    if (offset >= device->config->descriptor_size) return true;
    device->desc_offset = offset;
    return send_chunk(device);
}

static bool answer_sync(fb_device *device, const uint8_t *body, uint8_t size)
{
    if (size != FB_SYNC_REQUEST_SIZE_MIN) return true;
    if (!fb_begin(device, FB_TYPE_SYNC, FB_SYNC_SIZE_MIN)) return false;
    fb_put_bytes(device, body, FB_SYNC_REQUEST_SIZE_MIN);
    fb_put_bytes(device, &device->received_at, sizeof device->received_at);
    fb_end(device);
    return true;
}

static uint8_t carry_out(fb_device *device, uint8_t code, const uint8_t *arguments, uint8_t size)
{
    const fb_config *config = device->config;
    if (code == FB_CMD_PING) return FB_ACK_OK;
    if (config->command == NULL || code < FB_CMD_APPLICATION) return FB_ACK_UNKNOWN;
    return config->command(config->user, code, arguments, size);
}

/* The CRC of the body tells a repetition, also when a restarted host begins with the same id again. */
static bool answer_cmd(fb_device *device, const uint8_t *body, uint8_t size)
{
    if (size < FB_CMD_SIZE_MIN) return true;
    uint16_t crc = fb_crc16(FB_CRC16_START, body, size);
    if (!device->has_command || device->command_crc != crc) {
        device->command_status = carry_out(device, body[FB_CMD_CODE_AT], body + FB_CMD_ARGUMENTS_AT,
                                           (uint8_t)(size - FB_CMD_SIZE_MIN));
        device->command_crc = crc;
        device->has_command = true;
    }
    if (!fb_begin(device, FB_TYPE_ACK, FB_ACK_SIZE_MIN)) return false;
    fb_put_u8(device, body[FB_CMD_ID_AT]);
    fb_put_u8(device, device->command_status);
    fb_end(device);
    return true;
}

/* Returns false when the answer found no room, and the request has to wait. */
static bool answer(fb_device *device)
{
    const uint8_t *frame = device->receiver.buffer;
    const uint8_t *body = frame + HEADER_SIZE;
    uint8_t size = (uint8_t)(device->receiver.size - FB_FRAME_SIZE_MIN);
    switch (frame[0] & 0x3Fu) {
    case FB_TYPE_HELLO: return send_hello(device);
    case FB_TYPE_DESC: return answer_desc(device, body, size);
    case FB_TYPE_SYNC: return answer_sync(device, body, size);
    case FB_TYPE_CMD: return answer_cmd(device, body, size);
    default: return true; /* a later revision knows what it is */
    }
}

static void count_receive_error(fb_device *device)
{
    unsigned state = fb_enter_critical(device); /* the receive interrupt counts here, too */
    device->receiver.errors++;
    fb_exit_critical(device, state);
}

static void serve_host(fb_device *device)
{
    if (!device->receiver.is_ready) return;
    if (!fb_receiver_is_valid(&device->receiver)) {
        count_receive_error(device);
    } else {
        device->host_seconds = HOST_SECONDS;
        if (!answer(device)) return;
    }
    fb_receiver_release(&device->receiver);
}

/* After a main loop that was busy for long, one second is made up for in each call. */
static void count_seconds(fb_device *device)
{
    uint32_t tick_hz = device->config->tick_hz;
    if (device->now - device->second_at < tick_hz) return;
    device->second_at += tick_hz;
    if (device->hello_seconds > 0) device->hello_seconds--;
    if (device->host_seconds > 0) device->host_seconds--;
    else device->is_desc_due = true;
}

fb_result fb_start(fb_device *device, const fb_config *config)
{
    if (!is_sound(config)) return FB_BAD_CONFIG;
    memset(device, 0, sizeof *device);
    device->config = config;
    fb_receiver_init(&device->receiver, config->receive_buffer, config->receive_size);
    device->now = device->second_at = fb_ticks(device);
    (void)send_hello(device);
    return FB_OK;
}

void fb_poll(fb_device *device)
{
    device->now = fb_ticks(device);
    serve_host(device);
    count_seconds(device);
    if (device->hello_seconds == 0 && send_hello(device)) device->is_stats_due = true;
    if (device->is_stats_due && send_counters(device)) device->is_stats_due = false;
    if (device->is_desc_due && send_chunk(device)) device->is_desc_due = false;
}
