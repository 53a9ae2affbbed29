/* What the device says about itself and its world: EVENT, LOG, STATS. */
#include "fieldnote_bridge_frame.h"

fb_result fb_event(fb_device *device, uint32_t tick, uint16_t code, const fb_cbor *arguments)
{
    uint8_t size = arguments ? arguments->size : 0;
    if (arguments && arguments->is_too_long) return FB_TOO_LONG;
    if (!fb_fits(device, FB_EVENT_SIZE_MIN + (size_t)size)) return FB_TOO_LONG;
    if (!fb_begin(device, FB_TYPE_EVENT, (uint8_t)(FB_EVENT_SIZE_MIN + size))) return fb_drop(device);
    fb_put_bytes(device, &tick, sizeof tick);
    fb_put_bytes(device, &code, sizeof code);
    if (arguments) fb_put_bytes(device, arguments->buffer, size);
    fb_end(device);
    return FB_OK;
}

fb_result fb_log(fb_device *device, uint8_t level, const char *text)
{
    size_t size = strlen(text);
    if (!fb_fits(device, FB_LOG_SIZE_MIN + size)) return FB_TOO_LONG;
    if (!fb_begin(device, FB_TYPE_LOG, (uint8_t)(FB_LOG_SIZE_MIN + size))) return fb_drop(device);
    fb_put_u8(device, level);
    fb_put_bytes(device, text, (uint8_t)size);
    fb_end(device);
    return FB_OK;
}

bool fb_put_stats(fb_device *device, uint8_t key, const int32_t *values, uint8_t count)
{
    uint8_t size = (uint8_t)(count * sizeof *values);
    if (!fb_begin(device, FB_TYPE_STATS, (uint8_t)(FB_STATS_SIZE_MIN + size))) return false;
    fb_put_u8(device, key);
    fb_put_bytes(device, values, size);
    fb_end(device);
    return true;
}

fb_result fb_stats(fb_device *device, uint8_t key, const int32_t *values, uint8_t count)
{
    if (!fb_fits(device, FB_STATS_SIZE_MIN + (size_t)count * sizeof *values)) return FB_TOO_LONG;
    return fb_put_stats(device, key, values, count) ? FB_OK : fb_drop(device);
}
