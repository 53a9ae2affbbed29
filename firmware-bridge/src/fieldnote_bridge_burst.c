/* Fast waveforms in chunks: BURST. */
#include "fieldnote_bridge_frame.h"

void fb_burst_init(fb_burst *burst, uint8_t id)
{
    memset(burst, 0, sizeof *burst);
    burst->lane.id = id;
}

fb_result fb_burst_start(fb_burst *burst, uint32_t t0, const void *waveform, uint16_t size)
{
    if (burst->offset < burst->total) return FB_BUSY;
    if (size == 0) return FB_TOO_LONG;
    burst->waveform = (const uint8_t *)waveform;
    burst->t0 = t0;
    burst->crc32c = fb_crc32c(burst->waveform, size);
    burst->total = size;
    burst->offset = 0;
    burst->number++;
    return FB_OK;
}

static void send_chunk(fb_device *device, fb_burst *burst, uint8_t size)
{
    (void)fb_begin_on(device, &burst->lane, FB_TYPE_BURST, (uint8_t)(FB_BURST_SIZE_MIN + size));
    fb_put_bytes(device, &burst->number, sizeof burst->number);
    fb_put_bytes(device, &burst->offset, sizeof burst->offset);
    fb_put_bytes(device, &burst->total, sizeof burst->total);
    fb_put_bytes(device, &burst->t0, sizeof burst->t0);
    fb_put_bytes(device, &burst->crc32c, sizeof burst->crc32c);
    fb_put_bytes(device, burst->waveform + burst->offset, size);
    fb_end(device);
    burst->offset = (uint16_t)(burst->offset + size);
}

bool fb_burst_continue(fb_device *device, fb_burst *burst)
{
    uint16_t half = device->config->ring_size / 2u;
    while (burst->offset < burst->total) {
        uint8_t size = fb_chunk_size(device, FB_BURST_SIZE_MIN, (uint16_t)(burst->total - burst->offset));
        uint16_t on_wire = (uint16_t)(FB_FRAME_OVERHEAD + FB_BURST_SIZE_MIN + size);
        if (fb_waiting(device) + on_wire > half) break;
        send_chunk(device, burst, size);
    }
    return burst->offset < burst->total;
}
