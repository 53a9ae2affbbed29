/*
 * A bearing: its temperature from a TMP105 on the I2C bus, ten times a second, and every ten seconds a waveform of 2048
 * samples at 12.8 kHz. The board has no accelerometer, so that waveform is computed: a shaft at 49 Hz and a ringing bearing.
 *
 * Runs on the LM3S6965 evaluation board, and on its emulation in QEMU; build.sh says how.
 */
#include "accelerometer.h"
#include "descriptor.h"
#include "lm3s6965.h"

#define TICK_HZ 1000000u
#define TEMPERATURE_PERIOD (TICK_HZ / BEARING_RATE_HZ)
#define BURST_PERIOD (10u * TICK_HZ)
#define COMMAND_BURST FB_CMD_APPLICATION /* take a waveform now; no arguments */
#define EVENT_SENSOR_LOST 1u
#define EVENT_SENSOR_BACK 2u

static uint8_t ring[2048];
static uint8_t received[64];
static uint8_t batch[FB_BATCH_SIZE(sizeof(bearing_sample), 1)];
static int16_t waveform[ACCELERATION_BURST]; /* as the one field of acceleration_sample */

static fb_config config;
static fb_device device;
static fb_stream bearing;
static fb_burst acceleration;
static uint32_t temperature_due_at;
static uint32_t burst_due_at;
static int32_t sensor_errors;

static uint8_t carry_out(void *user, uint8_t code, const uint8_t *arguments, uint8_t size)
{
    (void)user;
    (void)arguments;
    if (code != COMMAND_BURST) return FB_ACK_UNKNOWN;
    if (size != 0) return FB_ACK_BAD_ARGUMENT;
    burst_due_at = board_ticks(NULL);
    return FB_ACK_OK;
}

static void start(void)
{
    static const fb_port port = {board_kick, board_ticks, board_enter_critical, board_exit_critical};
    config.port = port;
    config.ring = ring;
    config.ring_size = sizeof ring;
    config.receive_buffer = received;
    config.receive_size = sizeof received;
    config.tick_hz = TICK_HZ;
    config.boot_id = board_random();
    config.reset_cause = board_reset_cause();
    config.firmware = "CortexM3 1.0.0";
    config.descriptor = descriptor;
    config.descriptor_size = DESCRIPTOR_SIZE;
    config.descriptor_crc32c = DESCRIPTOR_CRC32C;
    config.command = carry_out;
    (void)fb_start(&device, &config);
    (void)fb_stream_init(&bearing, &device, BEARING_ID, sizeof(bearing_sample), 1, TEMPERATURE_PERIOD, batch);
    fb_burst_init(&acceleration, ACCELERATION_ID);
    temperature_due_at = burst_due_at = board_ticks(NULL);
}

/* A sensor that does not answer is an event when it goes and when it comes back, and a count in between. */
static void note_sensor(bool is_there, uint32_t tick)
{
    static bool was_there = true;
    if (!is_there) {
        sensor_errors++;
        (void)fb_stats(&device, FB_STAT_SENSOR_ERRORS, &sensor_errors, 1);
    }
    if (is_there != was_there) (void)fb_event(&device, tick, is_there ? EVENT_SENSOR_BACK : EVENT_SENSOR_LOST, NULL);
    was_there = is_there;
}

static void take_temperature(void)
{
    int16_t temperature = 0;
    bool is_there = tmp105_read(&temperature);
    bearing_sample sample = {temperature};
    if (is_there) (void)fb_sample(&device, &bearing, temperature_due_at, &sample);
    note_sensor(is_there, temperature_due_at);
    temperature_due_at += TEMPERATURE_PERIOD;
}

static void take_waveform(uint32_t now)
{
    accelerometer_fill(waveform, ACCELERATION_BURST);
    if (fb_burst_start(&acceleration, now, waveform, sizeof waveform) == FB_OK) burst_due_at = now + BURST_PERIOD;
}

static bool is_due(uint32_t at, uint32_t now)
{
    return (int32_t)(now - at) >= 0;
}

/* From the ring to the UART without an interrupt: as much as its FIFO takes. */
static void transmit(void)
{
    const uint8_t *bytes;
    uint16_t waiting = fb_peek(&device, &bytes);
    uint16_t sent = 0;
    while (sent < waiting && uart_put(bytes[sent])) sent++;
    fb_consume(&device, sent);
}

static void receive(void)
{
    uint8_t byte;
    while (uart_get(&byte)) fb_receive(&device, byte);
}

int main(void)
{
    board_init();
    tmp105_init();
    start();
    for (;;) {
        uint32_t now = board_ticks(NULL);
        receive();
        fb_poll(&device);
        if (is_due(temperature_due_at, now)) take_temperature();
        if (is_due(burst_due_at, now) && !fb_burst_continue(&device, &acceleration)) take_waveform(now);
        (void)fb_burst_continue(&device, &acceleration);
        transmit();
        if (!fb_has_bytes(&device)) board_sleep();
    }
}
