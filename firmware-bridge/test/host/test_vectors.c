/* The library against the golden vectors: what it sends, byte by byte, and what it takes for a frame. */
#include "check.h"
#include "rig.h"
#include "vectors.h"

static rig bench;

static const frame_vector *vector(const char *name)
{
    for (size_t i = 0; i < COUNT(FRAMES); i++) {
        if (strcmp(FRAMES[i].name, name) == 0) return &FRAMES[i];
    }
    fprintf(stderr, "no vector is called %s\n", name);
    exit(1);
}

static void checksums(void)
{
    for (size_t i = 0; i < COUNT(CRC16); i++) {
        CHECK_EQUAL(fb_crc16(0xFFFF, CRC16[i].bytes.bytes, CRC16[i].bytes.size), CRC16[i].crc);
    }
    for (size_t i = 0; i < COUNT(CRC32C); i++) {
        CHECK_EQUAL(fb_crc32c(CRC32C[i].bytes.bytes, CRC32C[i].bytes.size), CRC32C[i].crc);
    }
}

static void receiver_takes_every_frame(void)
{
    uint8_t buffer[FB_FRAME_SIZE_MAX];
    for (size_t i = 0; i < COUNT(FRAMES); i++) {
        const frame_vector *v = &FRAMES[i];
        fb_receiver receiver;
        fb_receiver_init(&receiver, buffer, sizeof buffer);
        for (size_t at = 0; at < v->wire.size; at++) {
            CHECK_EQUAL(fb_receiver_take(&receiver, v->wire.bytes[at]), at + 1 == v->wire.size);
        }
        CHECK(fb_receiver_is_valid(&receiver));
        CHECK_EQUAL(receiver.size, v->body.size + FB_FRAME_SIZE_MIN);
        CHECK_EQUAL(buffer[0], FB_VERSION << 6 | v->type);
        CHECK_EQUAL(buffer[1], v->stream);
        CHECK_EQUAL(buffer[2], v->sequence);
        CHECK(memcmp(buffer + 3, v->body.bytes, v->body.size) == 0);
    }
}

/* Reads all bytes; returns the number of frames, and puts them one behind the other. */
static size_t read_all(const vector_bytes *wire, uint8_t *frames, size_t *frames_size, uint16_t *errors)
{
    uint8_t buffer[FB_FRAME_SIZE_MAX];
    fb_receiver receiver;
    size_t count = 0;
    *frames_size = 0;
    fb_receiver_init(&receiver, buffer, sizeof buffer);
    for (size_t i = 0; i < wire->size; i++) {
        if (!fb_receiver_take(&receiver, wire->bytes[i])) continue;
        if (fb_receiver_is_valid(&receiver)) {
            memcpy(frames + *frames_size, buffer, receiver.size);
            *frames_size += receiver.size;
            count++;
        } else {
            receiver.errors++;
        }
        fb_receiver_release(&receiver);
    }
    *errors = receiver.errors;
    return count;
}

static void receiver_finds_the_frames_of_every_stream(void)
{
    static uint8_t frames[8192];
    for (size_t i = 0; i < COUNT(STREAMS); i++) {
        const stream_vector *v = &STREAMS[i];
        size_t size;
        uint16_t errors;
        CHECK_EQUAL(read_all(&v->wire, frames, &size, &errors), v->frame_count);
        CHECK_EQUAL(size, v->frames.size);
        CHECK(memcmp(frames, v->frames.bytes, size) == 0);
        CHECK_EQUAL(errors, v->errors);
    }
}

static void receiver_accepts_no_damaged_frame(void)
{
    static uint8_t frames[8192];
    for (size_t i = 0; i < COUNT(DAMAGES); i++) {
        size_t size;
        uint16_t errors;
        CHECK_EQUAL(read_all(&DAMAGES[i], frames, &size, &errors), 0);
        CHECK(errors > 0);
    }
}

/* The bytes in the ring are those of the vector, behind the delimiter that ends the silence. */
static void expect(const char *name)
{
    const frame_vector *v = vector(name);
    rig_drain(&bench);
    CHECK_EQUAL(bench.wire[0], 0);
    CHECK_EQUAL(bench.wire_size, v->wire.size + 1);
    CHECK(memcmp(bench.wire + 1, v->wire.bytes, v->wire.size) == 0);
    bench.wire_size = bench.wire_read = 0;
}

/* A device whose next frame has this sequence, and whose line is silent. */
static void start_with(uint8_t sequence)
{
    rig_start(&bench, 1024);
    rig_forget(&bench);
    bench.device.lane.sequence = sequence;
}

static void hello(void)
{
    rig_configure(&bench, 1024);
    bench.config.descriptor_crc32c = DESCRIPTOR_CRC32C;
    bench.now = 0xFFFFFFF0u;
    CHECK_EQUAL(rig_restart(&bench), FB_OK);
    expect("hello");
}

static void hello_at_its_least_and_most(void)
{
    static const uint8_t zeros[16] = {0};
    rig_configure(&bench, 128);
    bench.config.receive_size = 0;
    bench.config.reset_cause = FB_RESET_UNKNOWN;
    bench.config.boot_id = 1;
    bench.config.tick_hz = 1000;
    bench.config.descriptor_crc32c = 0;
    bench.config.uid_size = 0;
    bench.config.firmware = "";
    CHECK_EQUAL(rig_restart(&bench), FB_OK);
    rig_forget(&bench);
    bench.device.lane.sequence = 255;
    bench.device.hello_seconds = 0;
    fb_poll(&bench.device);
    rig_drain(&bench);
    CHECK(memcmp(bench.wire + 1, vector("hello, least")->wire.bytes, vector("hello, least")->wire.size) == 0);

    rig_configure(&bench, 128);
    bench.now = 0xFFFFFFFFu;
    bench.config.receive_size = 254;
    bench.config.reset_cause = FB_RESET_FAULT;
    bench.config.boot_id = 0xFFFFFFFFu;
    bench.config.tick_hz = 50000000;
    bench.config.descriptor_crc32c = 0xFFFFFFFFu;
    bench.config.uid = zeros;
    bench.config.uid_size = 16;
    bench.config.firmware = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    CHECK_EQUAL(rig_restart(&bench), FB_OK);
    rig_forget(&bench);
    bench.device.lane.sequence = 1;
    bench.device.hello_seconds = 0;
    fb_poll(&bench.device);
    rig_drain(&bench);
    CHECK(memcmp(bench.wire + 1, vector("hello, most")->wire.bytes, vector("hello, most")->wire.size) == 0);
}

static void host_asks(const char *request, const char *answer)
{
    const frame_vector *v = vector(request);
    rig_host_sends_bytes(&bench, v->wire.bytes, v->wire.size);
    fb_poll(&bench.device);
    expect(answer);
}

static void descriptor_chunks(void)
{
    rig_configure(&bench, 1024);
    bench.config.descriptor = DESCRIPTOR.bytes;
    bench.config.descriptor_size = (uint16_t)DESCRIPTOR.size;
    CHECK_EQUAL(rig_restart(&bench), FB_OK);
    rig_forget(&bench);
    bench.device.is_desc_due = true;
    fb_poll(&bench.device);
    expect("desc, first chunk");
    host_asks("desc request", "desc, last chunk");
}

static void samples(void)
{
    static uint8_t batch[FB_BATCH_SIZE(12, 16)];
    fb_stream stream;
    start_with(0);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 1, 12, 16, 10000, batch), FB_OK);
    for (int16_t k = 0; k < 16; k++) {
        int16_t values[6];
        for (int16_t axis = 0; axis < 6; axis++) values[axis] = (int16_t)(1000 * axis + k);
        CHECK_EQUAL(fb_sample(&bench.device, &stream, k == 0 ? 5000 : 0xFFFFFF00u + 10000u * (uint32_t)k, values), FB_OK);
        if (k > 0) continue;
        CHECK_EQUAL(fb_flush(&bench.device, &stream), FB_OK);
        expect("data, one sample");
        CHECK_EQUAL(fb_sample(&bench.device, &stream, 0xFFFFFF00u, values), FB_OK);
    }
    expect("data, 16 samples");
}

static void mixed_types(void)
{
    struct FB_PACKED { uint8_t open; float temperature; } door = {1, 294.65f};
    uint8_t batch[5];
    fb_stream stream;
    start_with(0);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 3, sizeof door, 1, 0, batch), FB_OK);
    stream.lane.sequence = 7;
    CHECK_EQUAL(fb_sample(&bench.device, &stream, 1, &door), FB_OK);
    expect("data, mixed types");
}

static void events(void)
{
    uint8_t buffer[32];
    fb_cbor arguments;
    fb_cbor_init(&arguments, buffer, sizeof buffer);
    fb_cbor_map(&arguments, 3);
    fb_cbor_text(&arguments, "mv");
    fb_cbor_int(&arguments, -12);
    fb_cbor_text(&arguments, "pin");
    fb_cbor_uint(&arguments, 3);
    fb_cbor_text(&arguments, "why");
    fb_cbor_text(&arguments, "low");
    start_with(3);
    CHECK_EQUAL(fb_event(&bench.device, 123456, 42, &arguments), FB_OK);
    expect("event");
    CHECK_EQUAL(fb_event(&bench.device, 7, 65535, NULL), FB_OK);
    expect("event without arguments");
}

static void texts_and_figures(void)
{
    static const int32_t figures[] = {4980, -1234};
    start_with(5);
    CHECK_EQUAL(fb_log(&bench.device, FB_LOG_WARNING, "l\xc3\xbc" "fter steht"), FB_OK);
    expect("log");
    bench.device.counters[FB_STAT_RING_DROPS] = 2;
    bench.device.counters[FB_STAT_SAMPLES_DROPPED] = 32;
    bench.device.receiver.errors = 1;
    bench.device.is_stats_due = true;
    fb_poll(&bench.device);
    expect("stats");
    CHECK_EQUAL(fb_stats(&bench.device, FB_STAT_SUPPLY_MV, figures, 2), FB_OK);
    expect("stats of the application");
}

static void answers(void)
{
    start_with(8);
    bench.now = 777;
    host_asks("sync request", "sync");
    host_asks("cmd ping", "ack");
    CHECK_EQUAL(bench.commands, 0);
    rig_host_sends_bytes(&bench, vector("cmd of the application")->wire.bytes, vector("cmd of the application")->wire.size);
    fb_poll(&bench.device);
    CHECK_EQUAL(bench.commands, 1);
    CHECK_EQUAL(bench.command_code, 128);
    CHECK_EQUAL(bench.command_size, 3);
    CHECK(memcmp(bench.command_arguments, "\1\0\2", 3) == 0);
}

static void waveform(void)
{
    const uint8_t *at = bench.wire + 1;
    fb_burst burst;
    rig_start(&bench, RIG_RING_MAX);
    rig_forget(&bench);
    fb_burst_init(&burst, 2);
    CHECK_EQUAL(fb_burst_start(&burst, 9000, WAVEFORM.bytes, (uint16_t)WAVEFORM.size), FB_OK);
    CHECK(!fb_burst_continue(&bench.device, &burst));
    rig_drain(&bench);
    for (int chunk = 0; chunk < 18; chunk++) {
        char name[32];
        snprintf(name, sizeof name, "burst, chunk %d", chunk);
        CHECK(memcmp(at, vector(name)->wire.bytes, vector(name)->wire.size) == 0);
        at += vector(name)->wire.size;
    }
    CHECK_EQUAL(at - bench.wire, bench.wire_size);
}

static void largest_bodies(void)
{
    char text[249];
    uint8_t batch[245] = {0};
    fb_stream stream;
    memset(text, 1, 248);
    text[248] = 0;
    start_with(1);
    bench.device.lane.id = 1; /* the vector's stream */
    CHECK_EQUAL(fb_log(&bench.device, 1, text), FB_OK);
    expect("largest body, no zero");
    start_with(0);
    CHECK_EQUAL(fb_stream_init(&stream, &bench.device, 0, 245, 1, 0, batch), FB_OK);
    CHECK_EQUAL(fb_sample(&bench.device, &stream, 0, batch), FB_OK);
    expect("largest body, all zero");
}

int main(void)
{
    RUN(checksums);
    RUN(receiver_takes_every_frame);
    RUN(receiver_finds_the_frames_of_every_stream);
    RUN(receiver_accepts_no_damaged_frame);
    RUN(hello);
    RUN(hello_at_its_least_and_most);
    RUN(descriptor_chunks);
    RUN(samples);
    RUN(mixed_types);
    RUN(events);
    RUN(texts_and_figures);
    RUN(answers);
    RUN(waveform);
    RUN(largest_bodies);
    REPORT("vectors");
    return 0;
}
