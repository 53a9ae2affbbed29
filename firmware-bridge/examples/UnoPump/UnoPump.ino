/*
 * The sensors of a pump on an Arduino Uno: six analog inputs, 50 times a second, in batches of eight.
 *
 * Wiring: each sensor gives 0 to 5 V.
 *   A0  vibration, drive end      0 to 25 mm/s      A3  discharge pressure   0 to 6 bar
 *   A1  vibration, other end      0 to 25 mm/s      A4  flow                 0 to 400 L/min
 *   A2  motor current             0 to 10 A         A5  motor temperature    -40 to 160 °C
 * descriptor.json has names, units and scales; tools/descriptor.ts makes descriptor.h from it.
 *
 * uno.h is the port. It drives the serial port by itself, so this sketch must not use Serial: print with fb_log().
 */
#include <fieldnote_bridge.h>

#include "descriptor.h"
#include "uno.h"

static const uint8_t BATCH = 8;
static const uint8_t OVERSAMPLING = 4; /* four 10-bit readings add up to the 12 bits of the descriptor */
static const uint8_t COMMAND_LED = FB_CMD_APPLICATION;

static uint8_t ring[128];
static uint8_t received[32];
static uint8_t batch[FB_BATCH_SIZE(sizeof(pump_sample), BATCH)];
static uint8_t uid[UNO_UID_SIZE];

static fb_config config;
static fb_device device;
static fb_stream pump;
static uint32_t stats_at;

/* Command 128: the LED on pin 13, to find the board among others. Argument: 0 off, 1 on. */
static uint8_t carry_out(void *user, uint8_t code, const uint8_t *arguments, uint8_t size)
{
    (void)user;
    if (code != COMMAND_LED) return FB_ACK_UNKNOWN;
    if (size != 1 || arguments[0] > 1) return FB_ACK_BAD_ARGUMENT;
    uno_set_led(arguments[0] == 1);
    return FB_ACK_OK;
}

void setup()
{
    uno_paint_stack();
    uno_read_uid(uid);
    config.port = uno_port();
    config.ring = ring;
    config.ring_size = sizeof ring;
    config.receive_buffer = received;
    config.receive_size = sizeof received;
    config.tick_hz = UNO_TICK_HZ;
    config.boot_id = uno_count_boot();
    config.reset_cause = uno_reset_cause();
    config.uid = uid;
    config.uid_size = sizeof uid;
    config.firmware = "UnoPump 1.0.0";
    config.descriptor = descriptor;
    config.descriptor_size = DESCRIPTOR_SIZE;
    config.descriptor_crc32c = DESCRIPTOR_CRC32C;
    config.command = carry_out;

    uno_begin(&device, 115200, UNO_TICK_HZ / PUMP_RATE_HZ);
    fb_start(&device, &config);
    fb_stream_init(&pump, &device, PUMP_ID, sizeof(pump_sample), BATCH, UNO_TICK_HZ / PUMP_RATE_HZ, batch);
    sei();
}

static uint16_t read_sensor(uint8_t channel)
{
    uint16_t sum = 0;
    for (uint8_t i = 0; i < OVERSAMPLING; i++) sum += uno_read_analog(channel);
    return sum;
}

static void take_sample(uint32_t tick)
{
    pump_sample sample;
    sample.vibration_de = read_sensor(0);
    sample.vibration_nde = read_sensor(1);
    sample.current = read_sensor(2);
    sample.pressure = read_sensor(3);
    sample.flow = read_sensor(4);
    sample.temp_motor = read_sensor(5);
    fb_sample(&device, &pump, tick, &sample);
}

static void send_stats(uint32_t tick)
{
    const int32_t stats[] = {uno_missed_samples(), uno_stack_free_min(), uno_read_supply_mv()};
    fb_stats(&device, FB_STAT_SENSOR_ERRORS, stats, 3);
    stats_at = tick;
}

void loop()
{
    uint32_t tick;
    fb_poll(&device);
    if (!uno_is_sample_due(&tick)) return;
    take_sample(tick);
    if (tick - stats_at > 7 * UNO_TICK_HZ) send_stats(tick);
}
