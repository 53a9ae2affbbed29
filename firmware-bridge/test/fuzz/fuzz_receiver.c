/*
 * libFuzzer against everything that a host can send: any bytes, in any order with polls and with a full ring. Whatever the
 * device answers must be frames, and the receiver must find what a receiver of the largest size finds.
 */
#include <stdlib.h>

#include "rig.h"

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static rig bench;

static void require_whole_frames(void)
{
    uint8_t buffer[FB_FRAME_SIZE_MAX];
    fb_receiver receiver;
    fb_receiver_init(&receiver, buffer, sizeof buffer);
    rig_drain(&bench);
    for (size_t i = 0; i < bench.wire_size; i++) {
        if (!fb_receiver_take(&receiver, bench.wire[i])) continue;
        REQUIRE(fb_receiver_is_valid(&receiver));
        fb_receiver_release(&receiver);
    }
    REQUIRE(receiver.errors == 0);
    bench.wire_size = 0;
}

/* The receiver as a host would use it: its counts must add up, and it must stay in its buffer. */
static void read_alone(const uint8_t *data, size_t size, uint8_t capacity)
{
    uint8_t *buffer = malloc(capacity);
    fb_receiver receiver;
    unsigned runs = 0, frames = 0;
    fb_receiver_init(&receiver, buffer, capacity);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 0 && i > 0 && data[i - 1] != 0) runs++;
        if (!fb_receiver_take(&receiver, data[i])) continue;
        REQUIRE(receiver.size >= FB_FRAME_SIZE_MIN && receiver.size <= capacity);
        (void)fb_receiver_is_valid(&receiver);
        frames++;
        fb_receiver_release(&receiver);
    }
    REQUIRE(frames + receiver.errors == runs);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 2000) return 0;
    read_alone(data + 1, size - 1, FB_FRAME_SIZE_MAX);
    read_alone(data + 1, size - 1, (uint8_t)(5u + data[0] % 250u));

    rig_start(&bench, 128);
    for (size_t i = 1; i < size; i++) {
        fb_receive(&bench.device, data[i]);
        if ((data[0] ^ i) % 3 == 0) fb_poll(&bench.device);
        if (bench.wire_size + 256 > RIG_WIRE_MAX || (data[0] & 1)) require_whole_frames();
    }
    fb_poll(&bench.device);
    require_whole_frames();
    return 0;
}
