/* Batches of samples: DATA. */
#include "fieldnote_bridge_frame.h"

fb_result fb_stream_init(fb_stream *stream, const fb_device *device, uint8_t id, uint8_t sample_size,
                         uint8_t samples_max, uint32_t period, uint8_t *batch)
{
    memset(stream, 0, sizeof *stream);
    stream->batch = batch;
    stream->period = period;
    stream->lane.id = id;
    stream->sample_size = sample_size;
    if (!fb_fits(device, FB_DATA_SIZE_MIN + FB_BATCH_SIZE(sample_size, samples_max))) return FB_TOO_LONG;
    stream->samples_max = samples_max;
    return FB_OK;
}

/* Whether the batch found room; it is empty then. */
static bool send_batch(fb_device *device, fb_stream *stream)
{
    uint8_t size = (uint8_t)(stream->count * stream->sample_size);
    uint8_t body_size = (uint8_t)(size + FB_DATA_SIZE_MIN);
    if (!fb_begin_on(device, &stream->lane, FB_TYPE_DATA, body_size)) return false;
    fb_put_bytes(device, &stream->t0, sizeof stream->t0);
    fb_put_bytes(device, stream->batch, size);
    fb_end(device);
    stream->count = 0;
    return true;
}

fb_result fb_flush(fb_device *device, fb_stream *stream)
{
    if (stream->count == 0 || send_batch(device, stream)) return FB_OK;
    fb_count(device, FB_STAT_SAMPLES_DROPPED, stream->count);
    stream->count = 0;
    return fb_drop(device);
}

/* Early or late by more than half a period; without a period, every later sample is. */
static bool is_off_grid(const fb_stream *stream, uint32_t tick)
{
    return tick - stream->next + stream->period / 2u > stream->period;
}

fb_result fb_sample(fb_device *device, fb_stream *stream, uint32_t tick, const void *sample)
{
    fb_result result = FB_OK;
    if (stream->samples_max == 0) return FB_TOO_LONG;
    if (stream->count == stream->samples_max || (stream->count > 0 && is_off_grid(stream, tick))) {
        result = fb_flush(device, stream);
    }
    if (stream->count == 0) stream->t0 = stream->next = tick;
    memcpy(stream->batch + (uint8_t)(stream->count * stream->sample_size), sample, stream->sample_size);
    stream->count++;
    stream->next += stream->period;
    if (stream->count == stream->samples_max) (void)send_batch(device, stream);
    return result;
}
