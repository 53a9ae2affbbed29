/*
 * Is the board connected right? No sensor needed: "ramp" grows by one with every sample, ten times a second, and "triangle"
 * goes from -1 to 1 and back in 40 s. Every 10 s the board says in a log how long fb_sample() and fb_poll() took at most.
 *
 * Runs on every Arduino board with a Serial. On a board of your own, replace FieldnoteBridgeStream.h by your four functions and
 * keep the rest: when the host shows both channels without a gap for a minute, the port is done.
 */
#include <FieldnoteBridgeStream.h>

#include "descriptor.h"

static const uint32_t TICK_HZ = 1000000;
static const uint8_t BATCH = 5;

static uint8_t ring[256];
static uint8_t received[32];
static uint8_t batch[FB_BATCH_SIZE(sizeof(selftest_sample), BATCH)];

static fb_config config;
static fb_device device;
static fb_stream selftest;
static uint32_t due_at;
static uint32_t logged_at;
static uint32_t slowest;

/* Good enough for a test: what an open input reads. A product counts its boots in EEPROM or flash. */
static uint32_t random_boot_id()
{
    uint32_t id = micros();
    for (uint8_t i = 0; i < 32; i++) id = (id << 5 | id >> 27) ^ static_cast<uint32_t>(analogRead(A0));
    return id;
}

void setup()
{
    Serial.begin(115200);
    config.port = fieldnote::streamPort();
    config.ring = ring;
    config.ring_size = sizeof ring;
    config.receive_buffer = received;
    config.receive_size = sizeof received;
    config.tick_hz = TICK_HZ;
    config.boot_id = random_boot_id();
    config.firmware = "SelfTest 1.0.0";
    config.descriptor = descriptor;
    config.descriptor_size = DESCRIPTOR_SIZE;
    config.descriptor_crc32c = DESCRIPTOR_CRC32C;
    fb_start(&device, &config);
    fb_stream_init(&selftest, &device, SELFTEST_ID, sizeof(selftest_sample), BATCH, TICK_HZ / SELFTEST_RATE_HZ, batch);
    due_at = micros();
}

static void take_sample()
{
    static uint16_t ramp;
    selftest_sample sample;
    uint16_t phase = ramp % 400;
    sample.ramp = ramp++;
    sample.triangle = static_cast<int16_t>(phase < 200 ? phase - 100 : 300 - phase);
    fb_sample(&device, &selftest, due_at, &sample);
    due_at += TICK_HZ / SELFTEST_RATE_HZ;
}

/* Without stdio: "slowest loop, in us: 1234". */
static void log_slowest()
{
    char text[] = "slowest loop, in us:           ";
    uint8_t at = sizeof text - 1;
    do text[--at] = static_cast<char>('0' + slowest % 10);
    while ((slowest /= 10) > 0);
    fb_log(&device, FB_LOG_INFO, text);
    slowest = 0;
}

void loop()
{
    uint32_t start = micros();
    fieldnote::moveBytes(device, Serial);
    fb_poll(&device);
    if (static_cast<int32_t>(start - due_at) >= 0) take_sample();
    if (start - logged_at >= 10 * TICK_HZ) {
        log_slowest();
        logged_at = start;
    }
    if (micros() - start > slowest) slowest = micros() - start;
}
