/*
 * Counts the CPU cycles of the library on an ATmega328P: timer 1 runs at the CPU's clock. Prints one line per figure on the
 * UART, and stops. Built and run by test/run.sh.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <fieldnote_bridge.h>
#include <stdlib.h>

static uint8_t ring[256];
static uint8_t received[32];
static uint8_t batch[FB_BATCH_SIZE(12, 16)];
static const uint8_t descriptor[8] FB_FLASH = {0xA0};
static const uint8_t sample[12] = {1, 0, 3, 4, 5, 6, 7, 0, 9, 10, 11, 12};
static fb_config config;
static fb_device device;
static fb_stream stream;

static void print(const char *text)
{
    for (; *text; text++) {
        while (!(UCSR0A & _BV(UDRE0))) { }
        UDR0 = (uint8_t)*text;
    }
}

static void report(const char *name, uint32_t cycles, uint16_t per)
{
    char digits[12];
    print(name);
    print(" ");
    print(ultoa((cycles + per / 2) / per, digits, 10));
    print(" cycles\n");
}

static void kick(void *user) { (void)user; UCSR0B |= 0; }
static uint32_t ticks(void *user) { (void)user; return 0; }
static unsigned enter_critical(void *user) { (void)user; uint8_t state = SREG; cli(); return state; }
static void exit_critical(void *user, unsigned state) { (void)user; SREG = (uint8_t)state; }

static uint16_t begin(void) { return TCNT1; }
static uint16_t since(uint16_t start) { return (uint16_t)(TCNT1 - start); }

static uint8_t empty_ring(void)
{
    uint8_t byte, count = 0;
    while (fb_take(&device, &byte)) count++;
    return count;
}

/* 160 samples in batches of 16: the cost of each, and of the frame that the last one of a batch sends. */
static void measure_samples(void)
{
    uint32_t adding = 0, sending = 0;
    for (uint32_t k = 0; k < 160; k++) {
        uint16_t start = begin();
        fb_sample(&device, &stream, k * 1000, sample);
        uint16_t cycles = since(start);
        if (k % 16 == 15) sending += cycles;
        else adding += cycles;
        empty_ring();
    }
    report("avr_cycles_per_sample_added", adding, 150);
    report("avr_cycles_per_frame_of_16", sending, 10);
    report("avr_cycles_per_sample_6xi16", adding + sending, 160);
}

static void measure_bytes(void)
{
    fb_log(&device, FB_LOG_INFO, "0123456789012345678901234567890123456789");
    uint16_t start = begin();
    uint8_t count = empty_ring();
    report("avr_cycles_per_byte_taken", since(start), count);
    start = begin();
    for (uint8_t i = 0; i < 8; i++) fb_receive(&device, 9);
    report("avr_cycles_per_byte_received", since(start), 8);
    start = begin();
    for (uint8_t i = 0; i < 100; i++) fb_poll(&device);
    report("avr_cycles_per_idle_poll", since(start), 100);
}

int main()
{
    UCSR0A = _BV(U2X0);
    UBRR0 = 16;
    UCSR0B = _BV(TXEN0);
    TCCR1B = _BV(CS10);
    config.port = fb_port{kick, ticks, enter_critical, exit_critical};
    config.ring = ring;
    config.ring_size = sizeof ring;
    config.receive_buffer = received;
    config.receive_size = sizeof received;
    config.tick_hz = 1000000;
    config.firmware = "";
    config.descriptor = descriptor;
    config.descriptor_size = sizeof descriptor;
    fb_start(&device, &config);
    fb_stream_init(&stream, &device, 1, sizeof sample, 16, 1000, batch);
    empty_ring();
    measure_samples();
    measure_bytes();
    print("done\n");
    while (!(UCSR0A & _BV(TXC0))) { }
    cli();
    sleep_cpu();
    for (;;) { }
}
