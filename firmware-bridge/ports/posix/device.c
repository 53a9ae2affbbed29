/*
 * A device as a program: on standard input and output, or on a pseudo-terminal that a host opens like any serial port.
 *
 *   fieldnote-device                on standard input and output
 *   fieldnote-device --pty LINK     LINK becomes a symbolic link to the pseudo-terminal
 *
 * It moves as a pendulum would: whoever reads it can compute every value from its time, see value_at(). Every ten seconds, and on
 * command 128, comes a waveform, and with it an event whose argument is its number.
 */
#define _XOPEN_SOURCE 600
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"

#define TICK_HZ 1000000u
#define PERIOD (TICK_HZ / MOTION_RATE_HZ)
#define BURST_PERIOD (10u * TICK_HZ)
#define BATCH 16
#define COMMAND_BURST FB_CMD_APPLICATION
#define EVENT_BURST 1u

static uint8_t ring[4096];
static uint8_t received[254];
static uint8_t batch[FB_BATCH_SIZE(sizeof(motion_sample), BATCH)];
static int16_t waveform[ACCELERATION_BURST];

static fb_device device;
static fb_config config;
static fb_stream motion;
static fb_burst acceleration;
static uint32_t samples_taken;
static uint32_t started_at;
static uint32_t burst_due_at;

/* ------------------------------------------------------------------------------------------- the four functions */

/* One thread does everything, so there is nothing to start and nothing to keep out. */
static void kick(void *user) { (void)user; }
static unsigned enter_critical(void *user) { (void)user; return 0; }
static void exit_critical(void *user, unsigned state) { (void)user; (void)state; }

static uint32_t ticks(void *user)
{
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * TICK_HZ + (uint32_t)(now.tv_nsec / 1000);
}

/* ---------------------------------------------------------------------------------------------------- sampling */

/* Field i (0 to 5) of sample k: a triangle from -1000 to 1000 that takes 400 / (i + 1) samples. */
static int16_t value_at(uint32_t k, uint32_t i)
{
    int32_t phase = (int32_t)(k * (i + 1u) % 400u);
    return (int16_t)(phase < 200 ? phase * 10 - 1000 : 3000 - phase * 10);
}

static void take_samples(uint32_t now)
{
    while ((int32_t)(now - started_at - samples_taken * PERIOD) >= 0) {
        uint32_t k = samples_taken++;
        motion_sample sample = {value_at(k, 0), value_at(k, 1), value_at(k, 2), value_at(k, 3), value_at(k, 4), value_at(k, 5)};
        (void)fb_sample(&device, &motion, started_at + k * PERIOD, &sample);
    }
}

static void take_waveform(uint32_t now)
{
    uint8_t buffer[8];
    fb_cbor number;
    if (fb_burst_continue(&device, &acceleration) || (int32_t)(now - burst_due_at) < 0) return;
    for (uint32_t k = 0; k < ACCELERATION_BURST; k++) waveform[k] = value_at(k, 5);
    (void)fb_burst_start(&acceleration, now, waveform, sizeof waveform);
    burst_due_at = now + BURST_PERIOD;
    fb_cbor_init(&number, buffer, sizeof buffer);
    fb_cbor_uint(&number, acceleration.number);
    (void)fb_event(&device, now, EVENT_BURST, &number);
}

static uint8_t carry_out(void *user, uint8_t code, const uint8_t *arguments, uint8_t size)
{
    (void)user;
    (void)arguments;
    if (code != COMMAND_BURST) return FB_ACK_UNKNOWN;
    if (size != 0) return FB_ACK_BAD_ARGUMENT;
    burst_due_at = ticks(NULL);
    return FB_ACK_OK;
}

/* ---------------------------------------------------------------------------------------------------- the port */

/* Returns the side of a new pseudo-terminal that the device has. Its other side stays open, so that hosts may come and go. */
static int open_pty(const char *link)
{
    struct termios raw;
    int own = posix_openpt(O_RDWR | O_NOCTTY);
    if (own < 0 || grantpt(own) != 0 || unlockpt(own) != 0) return -1;
    int other = open(ptsname(own), O_RDWR | O_NOCTTY);
    if (other < 0 || tcgetattr(other, &raw) != 0) return -1;
    raw.c_iflag = 0;
    raw.c_oflag = 0;
    raw.c_lflag = 0;
    if (tcsetattr(other, TCSANOW, &raw) != 0) return -1;
    (void)unlink(link);
    return symlink(ptsname(own), link) == 0 ? own : -1;
}

/* Sends what the line takes; false when nobody is there any more. */
static bool transmit(int output)
{
    const uint8_t *bytes;
    uint16_t waiting;
    while ((waiting = fb_peek(&device, &bytes)) > 0) {
        ssize_t sent = write(output, bytes, waiting);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        fb_consume(&device, (uint16_t)sent);
    }
    return true;
}

static void receive(int input)
{
    uint8_t bytes[64];
    ssize_t size = read(input, bytes, sizeof bytes);
    for (ssize_t i = 0; i < size; i++) fb_receive(&device, bytes[i]);
}

static uint32_t random_boot_id(void)
{
    uint32_t id = ticks(NULL);
    int source = open("/dev/urandom", O_RDONLY);
    if (source >= 0) {
        if (read(source, &id, sizeof id) < 0) id = ticks(NULL);
        (void)close(source);
    }
    return id;
}

static void start(void)
{
    static const fb_port port = {kick, ticks, enter_critical, exit_critical};
    config.port = port;
    config.ring = ring;
    config.ring_size = sizeof ring;
    config.receive_buffer = received;
    config.receive_size = sizeof received;
    config.tick_hz = TICK_HZ;
    config.boot_id = random_boot_id();
    config.reset_cause = FB_RESET_POWER_ON;
    config.firmware = "posix 1.0.0";
    config.descriptor = descriptor;
    config.descriptor_size = DESCRIPTOR_SIZE;
    config.descriptor_crc32c = DESCRIPTOR_CRC32C;
    config.command = carry_out;
    (void)fb_start(&device, &config);
    (void)fb_stream_init(&motion, &device, MOTION_ID, sizeof(motion_sample), BATCH, PERIOD, batch);
    fb_burst_init(&acceleration, ACCELERATION_ID);
    started_at = burst_due_at = ticks(NULL);
}

int main(int argc, char **argv)
{
    int input = STDIN_FILENO, output = STDOUT_FILENO;
    if (argc == 3 && strcmp(argv[1], "--pty") == 0) {
        input = output = open_pty(argv[2]);
        if (output < 0) return perror("pseudo-terminal"), 1;
    } else if (argc != 1) {
        return fputs("usage: fieldnote-device [--pty LINK]\n", stderr), 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)fcntl(output, F_SETFL, O_NONBLOCK);
    start();
    for (;;) {
        struct pollfd waiting = {input, POLLIN, 0};
        if (poll(&waiting, 1, 2) > 0 && (waiting.revents & POLLIN)) receive(input);
        if (waiting.revents & (POLLHUP | POLLERR)) (void)usleep(2000);
        fb_poll(&device);
        take_samples(ticks(NULL));
        take_waveform(ticks(NULL));
        (void)fb_burst_continue(&device, &acceleration);
        if (!transmit(output)) return 0;
    }
}
