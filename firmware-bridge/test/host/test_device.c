/* How a device behaves: what it says by itself, what it drops, and what it does when the host or the ring misbehaves. */
#include "check.h"
#include "rig.h"

static rig bench;
static rig_frame frame;

#define CHECK_NOTHING_SENT() CHECK(!fb_has_bytes(&bench.device))

/* ---------------------------------------------------------------------------------------------------- starting */

static void start_says_hello_behind_a_delimiter(void)
{
    rig_start(&bench, 256);
    CHECK(bench.kicks > 0);
    rig_drain(&bench);
    CHECK_EQUAL(bench.wire[0], 0);
    CHECK(rig_read(&bench, &frame));
    CHECK_EQUAL(frame.type, FB_TYPE_HELLO);
    CHECK_EQUAL(frame.sequence, 0);
    CHECK(!rig_read(&bench, &frame));
}

static fb_result start_with_ring(uint16_t size)
{
    rig_configure(&bench, size);
    return rig_restart(&bench);
}

static void start_refuses_a_ring_that_is_no_power_of_two_or_too_small(void)
{
    CHECK_EQUAL(start_with_ring(128), FB_OK);
    CHECK_EQUAL(start_with_ring(32768), FB_OK);
    CHECK_EQUAL(start_with_ring(0), FB_BAD_CONFIG);
    CHECK_EQUAL(start_with_ring(64), FB_BAD_CONFIG);
    CHECK_EQUAL(start_with_ring(200), FB_BAD_CONFIG);
    CHECK_EQUAL(start_with_ring(65535), FB_BAD_CONFIG);
}

static fb_result start_with_ticks(uint32_t tick_hz)
{
    rig_configure(&bench, 128);
    bench.config.tick_hz = tick_hz;
    return rig_restart(&bench);
}

static void start_refuses_a_clock_outside_of_its_range(void)
{
    CHECK_EQUAL(start_with_ticks(1000), FB_OK);
    CHECK_EQUAL(start_with_ticks(50000000), FB_OK);
    CHECK_EQUAL(start_with_ticks(999), FB_BAD_CONFIG);
    CHECK_EQUAL(start_with_ticks(50000001), FB_BAD_CONFIG);
}

static void start_refuses_names_that_do_not_fit_hello(void)
{
    rig_configure(&bench, 128);
    bench.config.uid_size = 17;
    CHECK_EQUAL(rig_restart(&bench), FB_BAD_CONFIG);
    rig_configure(&bench, 128);
    bench.config.firmware = "a version of thirty-three letters";
    CHECK_EQUAL(strlen(bench.config.firmware), 33);
    CHECK_EQUAL(rig_restart(&bench), FB_BAD_CONFIG);
    rig_configure(&bench, 128);
    bench.config.receive_size = 255;
    CHECK_EQUAL(rig_restart(&bench), FB_BAD_CONFIG);
}

/* ------------------------------------------------------------------------------------------- what it says by itself */

static void hello_and_stats_come_every_five_seconds(void)
{
    unsigned hellos = 0, stats = 0;
    rig_start(&bench, 256);
    rig_pass(&bench, 21000);
    while (rig_read(&bench, &frame)) {
        hellos += frame.type == FB_TYPE_HELLO;
        stats += frame.type == FB_TYPE_STATS;
    }
    CHECK_EQUAL(hellos, 1 + 4);
    CHECK_EQUAL(stats, 4);
}

static void hello_carries_the_time_when_it_was_made(void)
{
    rig_start(&bench, 256);
    rig_forget(&bench);
    rig_pass(&bench, 5000);
    CHECK(rig_find(&bench, FB_TYPE_HELLO, &frame));
    CHECK_EQUAL(rig_u32(frame.body + FB_HELLO_TICK_AT), 5000000);
}

static void a_clock_that_wraps_does_not_disturb_the_rhythm(void)
{
    unsigned hellos = 0;
    rig_configure(&bench, 256);
    bench.now = 0xFFFFFFFFu - 7000000u;
    CHECK_EQUAL(rig_restart(&bench), FB_OK);
    rig_pass(&bench, 15500);
    while (rig_read(&bench, &frame)) hellos += frame.type == FB_TYPE_HELLO;
    CHECK_EQUAL(hellos, 4);
}

static void a_device_without_a_host_hands_out_its_descriptor_again_and_again(void)
{
    uint8_t copy[700];
    size_t copied = 0, total = sizeof copy;
    unsigned rounds = 0;
    rig_start(&bench, 256);
    rig_pass(&bench, 20000);
    while (rig_read(&bench, &frame)) {
        if (frame.type != FB_TYPE_DESC) continue;
        CHECK_EQUAL(rig_u16(frame.body), copied);
        CHECK_EQUAL(rig_u16(frame.body + 2), total);
        memcpy(copy + copied, frame.body + 4, frame.size - 4u);
        copied += frame.size - 4u;
        if (copied < total) continue;
        CHECK(memcmp(copy, bench.config.descriptor, total) == 0);
        copied = 0;
        rounds++;
    }
    CHECK_EQUAL(rounds, 3); /* six chunks of at most 117 bytes each time */
}

static void a_heard_host_gets_chunks_only_when_it_asks_until_it_is_silent(void)
{
    rig_start(&bench, 256);
    rig_host_sends(&bench, FB_TYPE_HELLO, "", 0);
    rig_pass(&bench, 1000);
    rig_forget(&bench);
    rig_pass(&bench, 28000);
    CHECK(!rig_find(&bench, FB_TYPE_DESC, &frame));
    rig_pass(&bench, 4000);
    CHECK(rig_find(&bench, FB_TYPE_DESC, &frame));
}

static void its_own_frames_wait_for_room_and_are_not_dropped(void)
{
    static char text[100];
    memset(text, 'x', 99);
    rig_start(&bench, 128);
    rig_forget(&bench);
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, text), FB_OK);
    bench.now += 6 * RIG_TICK_HZ;
    for (int i = 0; i < 10; i++) fb_poll(&bench.device);
    CHECK_EQUAL(bench.device.counters[FB_STAT_RING_DROPS], 0);
    rig_drain(&bench);
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_HELLO, &frame));
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_STATS, &frame));
}

/* ---------------------------------------------------------------------------------------------------- sampling */

static uint8_t batch[245];
static fb_stream stream;

static fb_result add(uint32_t tick, uint16_t value)
{
    return fb_sample(&bench.device, &stream, tick, &value);
}

static void start_sampling(uint16_t ring_size, uint8_t samples_max)
{
    rig_start(&bench, ring_size);
    rig_forget(&bench);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 4, 2, samples_max, 1000, batch), FB_OK);
}

static void a_full_batch_becomes_one_frame(void)
{
    start_sampling(256, 3);
    CHECK_EQUAL(add(1000, 1), FB_OK);
    CHECK_EQUAL(add(2000, 2), FB_OK);
    CHECK_NOTHING_SENT();
    CHECK_EQUAL(add(3000, 0xABCD), FB_OK);
    rig_drain(&bench);
    CHECK(rig_read(&bench, &frame));
    CHECK_EQUAL(frame.type, FB_TYPE_DATA);
    CHECK_EQUAL(frame.stream, 4);
    CHECK_EQUAL(frame.size, 4 + 6);
    CHECK_EQUAL(rig_u32(frame.body), 1000);
    CHECK_EQUAL(rig_u16(frame.body + 8), 0xABCD);
}

static void flush_sends_what_is_there_and_nothing_when_nothing_is(void)
{
    start_sampling(256, 8);
    CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
    CHECK_NOTHING_SENT();
    CHECK_EQUAL(add(5, 1), FB_OK);
    CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
    CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
    CHECK_EQUAL(frame.size, 6);
}

static void a_missed_sample_begins_a_new_batch(void)
{
    start_sampling(256, 8);
    add(1000, 1);
    add(2000, 2);
    add(4000, 4);
    CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
    CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
    CHECK_EQUAL(rig_u32(frame.body), 1000);
    CHECK_EQUAL(frame.size, 4 + 4);
    CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
    CHECK_EQUAL(rig_u32(frame.body), 4000);
    CHECK_EQUAL(frame.size, 4 + 2);
}

static unsigned frames_of_two_samples_apart_by(uint32_t ticks)
{
    unsigned count = 0;
    start_sampling(256, 8);
    bench.now = 0;
    add(0xFFFFFE00u, 1);
    add(0xFFFFFE00u + ticks, 2);
    CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
    while (rig_find(&bench, FB_TYPE_DATA, &frame)) count++;
    return count;
}

static void half_a_period_of_jitter_is_no_gap(void)
{
    CHECK_EQUAL(frames_of_two_samples_apart_by(1000), 1);
    CHECK_EQUAL(frames_of_two_samples_apart_by(500), 1);
    CHECK_EQUAL(frames_of_two_samples_apart_by(1500), 1);
    CHECK_EQUAL(frames_of_two_samples_apart_by(499), 2);
    CHECK_EQUAL(frames_of_two_samples_apart_by(1501), 2);
    CHECK_EQUAL(frames_of_two_samples_apart_by(0u - 1000u), 2);
}

static void jitter_does_not_add_up(void)
{
    start_sampling(1024, 100);
    for (uint32_t k = 0; k < 100; k++) add(k * 1000 + (k % 2) * 400, (uint16_t)k);
    CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
    CHECK_EQUAL(frame.size, 4 + 200);
}

static void a_full_batch_waits_one_sample_for_room_and_is_dropped_then(void)
{
    start_sampling(128, 50); /* 111 bytes on the wire */
    for (uint32_t k = 0; k < 50; k++) CHECK_EQUAL(add(k * 1000, (uint16_t)k), FB_OK);
    for (uint32_t k = 50; k < 100; k++) CHECK_EQUAL(add(k * 1000, (uint16_t)k), FB_OK);
    CHECK_EQUAL(bench.device.counters[FB_STAT_RING_DROPS], 0);
    CHECK_EQUAL(add(100000, 100), FB_FULL);
    CHECK_EQUAL(bench.device.counters[FB_STAT_RING_DROPS], 1);
    CHECK_EQUAL(bench.device.counters[FB_STAT_SAMPLES_DROPPED], 50);
    CHECK_EQUAL(stream.count, 1);
    CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
    CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
    CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
    CHECK_EQUAL(rig_u32(frame.body), 100000);
    CHECK_EQUAL(frame.sequence, 1); /* the dropped frame has no number: no gap on the wire */
}

static void a_full_batch_goes_out_late_when_room_comes_in_time(void)
{
    start_sampling(128, 50);
    for (uint32_t k = 0; k < 100; k++) CHECK_EQUAL(add(k * 1000, (uint16_t)k), FB_OK);
    rig_drain(&bench);
    CHECK_EQUAL(add(100000, 100), FB_OK);
    rig_forget(&bench);
    CHECK_EQUAL(bench.device.counters[FB_STAT_SAMPLES_DROPPED], 0);
}

static void a_batch_that_can_never_fit_is_refused(void)
{
    uint16_t value = 0;
    rig_start(&bench, 128);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 2, 58, 0, batch), FB_OK);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 2, 59, 0, batch), FB_TOO_LONG);
    CHECK_EQUAL(fb_sample(&bench.device, &stream, 0, &value), FB_TOO_LONG);
    CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
    rig_start(&bench, 512);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 245, 1, 0, batch), FB_OK);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 246, 1, 0, batch), FB_TOO_LONG);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 128, 2, 0, batch), FB_TOO_LONG);
}

static void sequences_wrap_and_belong_to_their_stream(void)
{
    uint8_t expected = 0;
    start_sampling(256, 1);
    for (uint32_t k = 0; k < 600; k++) {
        add(k * 1000, (uint16_t)k);
        if (k % 7 == 0) CHECK_EQUAL(fb_log(&bench.device, FB_LOG_DEBUG, "between"), FB_OK);
        CHECK(rig_find(&bench, FB_TYPE_DATA, &frame));
        CHECK_EQUAL(frame.sequence, expected++);
        rig_forget(&bench);
    }
}

/* Random samples through a ring that is emptied at random: every frame is whole, and what is missing is counted. */
static void every_sample_arrives_or_is_counted(void)
{
    uint32_t seed = 1, received = 0, sent = 200000;
    start_sampling(128, 10);
    for (uint32_t k = 0; k < sent; k++) {
        seed = seed * 1664525u + 1013904223u;
        add(k * 1000, (uint16_t)(k % 3 == 0 ? 0 : k));
        rig_drain_bytes(&bench, seed >> 30);
        if (bench.wire_size < RIG_WIRE_MAX / 2 && k + 1 < sent) continue;
        if (k + 1 == sent) rig_drain(&bench);
        /* Read up to the last delimiter; the rest belongs to the next round. */
        size_t end = bench.wire_size;
        while (end > 0 && bench.wire[end - 1] != 0) end--;
        size_t rest = bench.wire_size - end;
        bench.wire_size = end;
        while (rig_read(&bench, &frame)) {
            uint32_t t0 = rig_u32(frame.body);
            for (uint32_t i = 0; i < (frame.size - 4u) / 2u; i++) {
                uint32_t number = t0 / 1000u + i;
                CHECK_EQUAL(rig_u16(frame.body + 4 + 2 * i), number % 3 == 0 ? 0 : (uint16_t)number);
                received++;
            }
        }
        memmove(bench.wire, bench.wire + end, rest);
        bench.wire_size = rest;
        bench.wire_read = 0;
    }
    CHECK(bench.device.counters[FB_STAT_SAMPLES_DROPPED] > 1000);
    CHECK_EQUAL(received + (uint32_t)bench.device.counters[FB_STAT_SAMPLES_DROPPED] + stream.count, sent);
}

/* --------------------------------------------------------------------------------------------- the ring's two exits */

static void peek_and_consume_give_the_same_bytes_as_take(void)
{
    static uint8_t taken[20000], peeked[20000];
    for (int round = 0; round < 2; round++) {
        size_t size = 0;
        rig_start(&bench, 128);
        for (int k = 0; k < 200; k++) {
            const uint8_t *bytes;
            uint16_t count;
            CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, "the quick brown fox jumps"), FB_OK);
            if (round == 0) {
                while (fb_take(&bench.device, &taken[size])) size++;
                continue;
            }
            while ((count = fb_peek(&bench.device, &bytes)) > 0) {
                CHECK(bytes >= bench.ring && bytes + count <= bench.ring + 128);
                if (count > 5) count = 5;
                memcpy(peeked + size, bytes, count);
                size += count;
                fb_consume(&bench.device, count);
            }
        }
        CHECK(size > 6000);
    }
    CHECK(memcmp(taken, peeked, sizeof taken) == 0);
}

/* ----------------------------------------------------------------------------------------------- events and texts */

static void what_is_too_long_is_refused_and_not_counted(void)
{
    static char text[260];
    uint8_t buffer[4];
    fb_cbor cbor;
    memset(text, 'x', 249);
    rig_start(&bench, 1024);
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, text), FB_TOO_LONG);
    text[248] = 0;
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, text), FB_OK);
    fb_cbor_init(&cbor, buffer, sizeof buffer);
    fb_cbor_text(&cbor, "four");
    CHECK(cbor.is_too_long);
    CHECK_EQUAL(fb_event(&bench.device, 0, 1, &cbor), FB_TOO_LONG);
    CHECK_EQUAL(fb_stats(&bench.device, 3, NULL, 63), FB_TOO_LONG);
    CHECK_EQUAL(bench.device.counters[FB_STAT_RING_DROPS], 0);
    rig_start(&bench, 128);
    text[120] = 0;
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, text), FB_TOO_LONG);
}

static void what_finds_no_room_is_dropped_whole_and_counted(void)
{
    static const int32_t figures[] = {1, 2, 3, 4};
    rig_start(&bench, 128);
    rig_forget(&bench);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, "thirty-one bytes on the wire"), FB_OK);
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, "thirty-one bytes on the wire"), FB_FULL);
    CHECK_EQUAL(fb_stats(&bench.device, 64, figures, 4), FB_FULL);
    CHECK_EQUAL(fb_event(&bench.device, 0, 1, NULL), FB_OK);
    CHECK_EQUAL(bench.device.counters[FB_STAT_RING_DROPS], 2);
    for (uint8_t i = 0; i < 4; i++) {
        rig_drain(&bench);
        CHECK(rig_read(&bench, &frame));
        CHECK_EQUAL(frame.sequence, 1 + i);
    }
    CHECK(!rig_read(&bench, &frame));
}

static void cbor_uses_the_shortest_form_of_each_number(void)
{
    static const struct { int32_t value; uint8_t size; uint8_t bytes[5]; } cases[] = {
        {0, 1, {0x00}}, {23, 1, {0x17}}, {24, 2, {0x18, 24}}, {255, 2, {0x18, 255}}, {256, 3, {0x19, 1, 0}},
        {65535, 3, {0x19, 0xFF, 0xFF}}, {65536, 5, {0x1A, 0, 1, 0, 0}}, {INT32_MAX, 5, {0x1A, 0x7F, 0xFF, 0xFF, 0xFF}},
        {-1, 1, {0x20}}, {-24, 1, {0x37}}, {-25, 2, {0x38, 24}}, {-256, 2, {0x38, 255}}, {-257, 3, {0x39, 1, 0}},
        {INT32_MIN, 5, {0x3A, 0x7F, 0xFF, 0xFF, 0xFF}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t buffer[5];
        fb_cbor cbor;
        fb_cbor_init(&cbor, buffer, sizeof buffer);
        fb_cbor_int(&cbor, cases[i].value);
        CHECK_EQUAL(cbor.size, cases[i].size);
        CHECK(memcmp(buffer, cases[i].bytes, cbor.size) == 0);
    }
}

static void cbor_never_writes_past_its_buffer(void)
{
    uint8_t buffer[8] = {0};
    for (uint8_t capacity = 0; capacity < 7; capacity++) {
        fb_cbor cbor;
        memset(buffer, 0xEE, sizeof buffer);
        fb_cbor_init(&cbor, buffer, capacity);
        fb_cbor_array(&cbor, 2);
        fb_cbor_uint(&cbor, 0x12345678);
        fb_cbor_uint(&cbor, 1);
        CHECK(cbor.is_too_long);
        CHECK_EQUAL(buffer[capacity], 0xEE);
    }
}

/* ---------------------------------------------------------------------------------------------------- the host asks */

static void a_request_for_hello_is_answered(void)
{
    rig_start(&bench, 256);
    rig_forget(&bench);
    rig_host_sends(&bench, FB_TYPE_HELLO, "", 0);
    CHECK_NOTHING_SENT();
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_HELLO, &frame));
}

static void the_descriptor_can_be_pulled_from_any_offset(void)
{
    uint8_t copy[700];
    uint16_t offset = 0;
    rig_start(&bench, 1024);
    while (offset < sizeof copy) {
        rig_host_sends(&bench, FB_TYPE_DESC, &offset, 2);
        fb_poll(&bench.device);
        CHECK(rig_find(&bench, FB_TYPE_DESC, &frame));
        CHECK_EQUAL(rig_u16(frame.body), offset);
        memcpy(copy + offset, frame.body + 4, frame.size - 4u);
        offset = (uint16_t)(offset + frame.size - 4u);
    }
    CHECK_EQUAL(offset, sizeof copy);
    CHECK_EQUAL(fb_crc32c(copy, sizeof copy), bench.config.descriptor_crc32c);
}

static void requests_that_make_no_sense_are_not_answered(void)
{
    static const uint16_t past_the_end = 700;
    rig_start(&bench, 1024);
    rig_forget(&bench);
    rig_host_sends(&bench, FB_TYPE_DESC, &past_the_end, 2);
    fb_poll(&bench.device);
    rig_host_sends(&bench, FB_TYPE_DESC, "\0\0\0", 3);
    fb_poll(&bench.device);
    rig_host_sends(&bench, FB_TYPE_SYNC, "1234567", 7);
    fb_poll(&bench.device);
    rig_host_sends(&bench, FB_TYPE_CMD, "\1", 1);
    fb_poll(&bench.device);
    rig_host_sends(&bench, FB_TYPE_DATA, "12345678", 8);
    fb_poll(&bench.device);
    CHECK_NOTHING_SENT();
    CHECK_EQUAL(bench.device.receiver.errors, 0);
}

static void sync_tells_when_the_request_had_arrived_not_when_it_was_answered(void)
{
    rig_start(&bench, 256);
    rig_forget(&bench);
    bench.now = 1111;
    rig_host_sends(&bench, FB_TYPE_SYNC, "host time", 8);
    bench.now = 9999;
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_SYNC, &frame));
    CHECK(memcmp(frame.body, "host tim", 8) == 0);
    CHECK_EQUAL(rig_u32(frame.body + 8), 1111);
}

static uint8_t ack_of(const char *command, uint8_t size)
{
    rig_host_sends(&bench, FB_TYPE_CMD, command, size);
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_ACK, &frame));
    CHECK_EQUAL(frame.size, 2);
    CHECK_EQUAL(frame.body[0], (uint8_t)command[0]);
    return frame.body[1];
}

static void a_repeated_command_is_acknowledged_again_and_not_done_again(void)
{
    rig_start(&bench, 256);
    bench.command_status = FB_ACK_BUSY;
    CHECK_EQUAL(ack_of("\5\x80go", 4), FB_ACK_BUSY);
    bench.command_status = FB_ACK_OK;
    CHECK_EQUAL(ack_of("\5\x80go", 4), FB_ACK_BUSY);
    CHECK_EQUAL(ack_of("\5\x80go", 4), FB_ACK_BUSY);
    CHECK_EQUAL(bench.commands, 1);
    CHECK_EQUAL(ack_of("\6\x80go", 4), FB_ACK_OK);
    CHECK_EQUAL(bench.commands, 2);
}

static void another_command_under_the_same_id_is_done(void)
{
    rig_start(&bench, 256);
    CHECK_EQUAL(ack_of("\1\x80" "a", 3), FB_ACK_OK);
    CHECK_EQUAL(ack_of("\1\x81" "a", 3), FB_ACK_OK);
    CHECK_EQUAL(bench.commands, 2);
    CHECK_EQUAL(bench.command_code, 0x81);
}

static void commands_outside_of_the_application_are_unknown(void)
{
    rig_start(&bench, 256);
    CHECK_EQUAL(ack_of("\1\x7f", 2), FB_ACK_UNKNOWN);
    CHECK_EQUAL(ack_of("\2\x00", 2), FB_ACK_OK); /* ping */
    CHECK_EQUAL(bench.commands, 0);
    bench.config.command = NULL;
    CHECK_EQUAL(ack_of("\3\x80", 2), FB_ACK_UNKNOWN);
}

static void an_answer_waits_for_room_and_the_command_is_done_once(void)
{
    static char text[116];
    memset(text, 'x', 115);
    rig_start(&bench, 128);
    rig_forget(&bench);
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, text), FB_OK);
    rig_host_sends(&bench, FB_TYPE_CMD, "\1\x80", 2);
    for (int i = 0; i < 5; i++) fb_poll(&bench.device);
    CHECK(!rig_find(&bench, FB_TYPE_ACK, &frame));
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_ACK, &frame));
    CHECK_EQUAL(bench.commands, 1);
    CHECK_EQUAL(bench.device.counters[FB_STAT_RING_DROPS], 0);
}

/* ------------------------------------------------------------------------------------------------- a bad line inwards */

static void a_frame_that_comes_too_soon_is_one_error(void)
{
    rig_start(&bench, 256);
    rig_forget(&bench);
    rig_host_sends(&bench, FB_TYPE_SYNC, "request1", 8);
    rig_host_sends(&bench, FB_TYPE_SYNC, "request2", 8);
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_SYNC, &frame));
    CHECK(memcmp(frame.body, "request1", 8) == 0);
    CHECK(!rig_find(&bench, FB_TYPE_SYNC, &frame));
    CHECK_EQUAL(bench.device.receiver.errors, 1);
    rig_host_sends(&bench, FB_TYPE_SYNC, "request3", 8);
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_SYNC, &frame));
}

static void a_frame_that_exceeds_the_buffer_is_one_error(void)
{
    static uint8_t body[60];
    memset(body, 'x', sizeof body);
    rig_start(&bench, 256);
    rig_forget(&bench);
    rig_host_sends(&bench, FB_TYPE_CMD, body, 27); /* 32 bytes as a frame: just fits */
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_ACK, &frame));
    rig_host_sends(&bench, FB_TYPE_CMD, body, 28);
    rig_host_sends(&bench, FB_TYPE_CMD, body, 60);
    fb_poll(&bench.device);
    CHECK_NOTHING_SENT();
    CHECK_EQUAL(bench.device.receiver.errors, 2);
}

static void noise_is_counted_and_the_next_frame_is_read(void)
{
    static const uint8_t noise[] = {0x55, 0xAA, 0x01, 0x02, 0x00};
    rig_start(&bench, 256);
    rig_forget(&bench);
    for (int i = 0; i < 100; i++) rig_host_sends_bytes(&bench, noise, sizeof noise);
    CHECK_EQUAL(bench.device.receiver.errors, 100);
    rig_host_sends(&bench, FB_TYPE_HELLO, "", 0);
    fb_poll(&bench.device);
    CHECK(rig_find(&bench, FB_TYPE_HELLO, &frame));
}

static void a_device_that_only_transmits_ignores_what_it_receives(void)
{
    rig_configure(&bench, 256);
    bench.config.receive_size = 0;
    bench.config.receive_buffer = NULL;
    CHECK_EQUAL(rig_restart(&bench), FB_OK);
    rig_drain(&bench);
    CHECK(rig_read(&bench, &frame));
    CHECK_EQUAL(rig_u16(frame.body + FB_HELLO_RECEIVE_WINDOW_AT), 0);
    rig_host_sends(&bench, FB_TYPE_SYNC, "request1", 8);
    fb_poll(&bench.device);
    CHECK_NOTHING_SENT();
}

/* --------------------------------------------------------------------------------------------------- waveforms */

static uint8_t wave[4096];
static fb_burst burst;

static void a_waveform_arrives_whole_and_leaves_half_of_the_ring_free(void)
{
    static uint8_t copy[sizeof wave];
    size_t copied = 0;
    for (size_t i = 0; i < sizeof wave; i++) wave[i] = (uint8_t)(i * i >> 5);
    rig_start(&bench, 512);
    rig_forget(&bench);
    fb_burst_init(&burst, 2);
    CHECK_EQUAL(fb_burst_start(&burst, 99, wave, sizeof wave), FB_OK);
    CHECK_EQUAL(fb_burst_start(&burst, 0, wave, 1), FB_BUSY);
    while (fb_burst_continue(&bench.device, &burst) || fb_has_bytes(&bench.device)) {
        CHECK((uint16_t)(bench.device.head - bench.device.tail) <= 256 + 1);
        rig_drain(&bench);
        while (rig_read(&bench, &frame)) {
            CHECK_EQUAL(frame.type, FB_TYPE_BURST);
            CHECK_EQUAL(frame.stream, 2);
            CHECK_EQUAL(rig_u16(frame.body + FB_BURST_ID_AT), 1);
            CHECK_EQUAL(rig_u16(frame.body + FB_BURST_OFFSET_AT), copied);
            CHECK_EQUAL(rig_u16(frame.body + FB_BURST_TOTAL_AT), sizeof wave);
            CHECK_EQUAL(rig_u32(frame.body + FB_BURST_T0_AT), 99);
            CHECK_EQUAL(rig_u32(frame.body + FB_BURST_CRC32C_AT), fb_crc32c(wave, sizeof wave));
            memcpy(copy + copied, frame.body + FB_BURST_CHUNK_AT, frame.size - FB_BURST_SIZE_MIN);
            copied += frame.size - FB_BURST_SIZE_MIN;
        }
        bench.wire_size = bench.wire_read = 0;
    }
    CHECK_EQUAL(copied, sizeof wave);
    CHECK(memcmp(copy, wave, sizeof wave) == 0);
    CHECK_EQUAL(fb_burst_start(&burst, 0, wave, 1), FB_OK);
}

static void an_empty_waveform_is_refused(void)
{
    fb_burst_init(&burst, 2);
    CHECK_EQUAL(fb_burst_start(&burst, 0, wave, 0), FB_TOO_LONG);
    CHECK(!fb_burst_continue(&bench.device, &burst));
}

static void a_waveform_goes_through_the_smallest_ring(void)
{
    size_t copied = 0;
    rig_start(&bench, 128);
    rig_forget(&bench);
    fb_burst_init(&burst, 1);
    CHECK_EQUAL(fb_burst_start(&burst, 0, wave, 1000), FB_OK);
    for (int i = 0; i < 100; i++) {
        (void)fb_burst_continue(&bench.device, &burst);
        while (rig_find(&bench, FB_TYPE_BURST, &frame)) copied += frame.size - FB_BURST_SIZE_MIN;
        rig_forget(&bench);
    }
    CHECK_EQUAL(copied, 1000);
}

/* ------------------------------------------------------------------------------------------------------- figures */

static void measure_bytes_per_sample(void)
{
    static uint8_t motion[FB_BATCH_SIZE(12, 16)];
    uint32_t seed = 7;
    size_t before;
    rig_start(&bench, 32768);
    rig_forget(&bench);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 12, 16, 1000, motion), FB_OK);
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_INFO, "the line is busy"), FB_OK);
    before = (uint16_t)(bench.device.head - bench.device.tail);
    for (uint32_t k = 0; k < 1600; k++) {
        uint8_t values[12];
        for (size_t i = 0; i < sizeof values; i++) values[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
        CHECK_EQUAL(fb_sample(&bench.device, &stream, k * 1000, values), FB_OK);
    }
    rig_drain(&bench);
    printf("bytes_per_sample_6xi16_batch16 %.2f bytes\n", (double)(bench.wire_size - before) / 1600.0);
    CHECK(bench.wire_size - before <= 13 * 1600);
}

int main(void)
{
    RUN(start_says_hello_behind_a_delimiter);
    RUN(start_refuses_a_ring_that_is_no_power_of_two_or_too_small);
    RUN(start_refuses_a_clock_outside_of_its_range);
    RUN(start_refuses_names_that_do_not_fit_hello);
    RUN(hello_and_stats_come_every_five_seconds);
    RUN(hello_carries_the_time_when_it_was_made);
    RUN(a_clock_that_wraps_does_not_disturb_the_rhythm);
    RUN(a_device_without_a_host_hands_out_its_descriptor_again_and_again);
    RUN(a_heard_host_gets_chunks_only_when_it_asks_until_it_is_silent);
    RUN(its_own_frames_wait_for_room_and_are_not_dropped);
    RUN(a_full_batch_becomes_one_frame);
    RUN(flush_sends_what_is_there_and_nothing_when_nothing_is);
    RUN(a_missed_sample_begins_a_new_batch);
    RUN(half_a_period_of_jitter_is_no_gap);
    RUN(jitter_does_not_add_up);
    RUN(a_full_batch_waits_one_sample_for_room_and_is_dropped_then);
    RUN(a_full_batch_goes_out_late_when_room_comes_in_time);
    RUN(a_batch_that_can_never_fit_is_refused);
    RUN(sequences_wrap_and_belong_to_their_stream);
    RUN(every_sample_arrives_or_is_counted);
    RUN(peek_and_consume_give_the_same_bytes_as_take);
    RUN(what_is_too_long_is_refused_and_not_counted);
    RUN(what_finds_no_room_is_dropped_whole_and_counted);
    RUN(cbor_uses_the_shortest_form_of_each_number);
    RUN(cbor_never_writes_past_its_buffer);
    RUN(a_request_for_hello_is_answered);
    RUN(the_descriptor_can_be_pulled_from_any_offset);
    RUN(requests_that_make_no_sense_are_not_answered);
    RUN(sync_tells_when_the_request_had_arrived_not_when_it_was_answered);
    RUN(a_repeated_command_is_acknowledged_again_and_not_done_again);
    RUN(another_command_under_the_same_id_is_done);
    RUN(commands_outside_of_the_application_are_unknown);
    RUN(an_answer_waits_for_room_and_the_command_is_done_once);
    RUN(a_frame_that_comes_too_soon_is_one_error);
    RUN(a_frame_that_exceeds_the_buffer_is_one_error);
    RUN(noise_is_counted_and_the_next_frame_is_read);
    RUN(a_device_that_only_transmits_ignores_what_it_receives);
    RUN(a_waveform_arrives_whole_and_leaves_half_of_the_ring_free);
    RUN(an_empty_waveform_is_refused);
    RUN(a_waveform_goes_through_the_smallest_ring);
    RUN(measure_bytes_per_sample);
    REPORT("device");
    return 0;
}
