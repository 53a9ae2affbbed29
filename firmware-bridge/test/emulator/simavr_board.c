/*
 * An ATmega328P in simavr with its UART on standard input and output, or on a pseudo-terminal.
 *
 *   simavr_board FIRMWARE.elf [--pty LINK] [--eeprom FILE] [--seconds S] [--unpaced] [--adc MV,MV,...]
 *
 * --pty      LINK becomes a symbolic link to a pseudo-terminal
 * --eeprom   FILE keeps the EEPROM from run to run, as a chip does
 * --seconds  of simulated time; without it, it runs until it is killed
 * --unpaced  as fast as it goes, not in real time
 * --adc      millivolts at A0, A1, ...; 2500 where none is given
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "avr_adc.h"
#include "avr_eeprom.h"
#include "avr_uart.h"
#include "sim_avr.h"
#include "sim_elf.h"

#define EEPROM_SIZE 1024u

static volatile sig_atomic_t is_stopped;
static int output = STDOUT_FILENO;
static int input = STDIN_FILENO;
static avr_irq_t *uart_input;
static int is_ready_for_input;
static unsigned millivolts[8] = {2500, 2500, 2500, 2500, 2500, 2500, 2500, 2500};

static void stop(int number)
{
    (void)number;
    is_stopped = 1;
}

static void on_uart_byte(struct avr_irq_t *irq, uint32_t value, void *param)
{
    uint8_t byte = (uint8_t)value;
    (void)irq;
    (void)param;
    if (write(output, &byte, 1) != 1 && output == STDOUT_FILENO) is_stopped = 1;
}

static void on_uart_ready(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)param;
    is_ready_for_input = value != 0;
}

static void on_conversion(struct avr_irq_t *irq, uint32_t value, void *param)
{
    avr_adc_mux_t mux;
    (void)irq;
    memcpy(&mux, &value, sizeof mux);
    for (int i = 0; i < 8; i++) avr_raise_irq(avr_io_getirq((avr_t *)param, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + i), millivolts[i]);
}

static void connect_uart(avr_t *avr)
{
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_uart_byte, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_uart_ready, NULL);
    uart_input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    is_ready_for_input = 1;
}

/* One byte at a time, at most as fast as the line carries them. */
static void feed_uart(avr_t *avr)
{
    static avr_cycle_count_t next;
    struct pollfd waiting = {input, POLLIN, 0};
    uint8_t byte;
    if (avr->cycle < next || poll(&waiting, 1, 0) <= 0 || read(input, &byte, 1) != 1) return;
    next = avr->cycle + avr->frequency / 11520u;
    avr_raise_irq(uart_input, byte);
}

static void open_pty(const char *link)
{
    struct termios raw;
    int device;
    if (openpty(&output, &device, NULL, NULL, NULL) != 0) exit(3);
    tcgetattr(device, &raw);
    cfmakeraw(&raw);
    tcsetattr(device, TCSANOW, &raw); /* the device side stays open, so that a reader may come and go */
    fcntl(output, F_SETFL, O_NONBLOCK);
    input = output;
    unlink(link);
    if (symlink(ttyname(device), link) != 0) exit(3);
}

static void keep_eeprom(avr_t *avr, const char *path, int is_saving)
{
    uint8_t bytes[EEPROM_SIZE];
    avr_eeprom_desc_t desc = {bytes, 0, EEPROM_SIZE};
    FILE *file = fopen(path, is_saving ? "wb" : "rb");
    memset(bytes, 0xFF, sizeof bytes);
    if (is_saving) avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &desc);
    if (file != NULL) {
        if (is_saving) fwrite(bytes, 1, sizeof bytes, file);
        else if (fread(bytes, 1, sizeof bytes, file) == 0) fprintf(stderr, "%s is empty\n", path);
        fclose(file);
    }
    if (!is_saving) avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &desc);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

static void run(avr_t *avr, double seconds_max, int is_paced)
{
    struct timespec start;
    avr_cycle_count_t checked = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!is_stopped) {
        int state = avr_run(avr);
        double simulated;
        if (state == cpu_Done || state == cpu_Crashed) break;
        if (avr->cycle - checked < 1000) continue;
        checked = avr->cycle;
        if (is_ready_for_input) feed_uart(avr);
        simulated = (double)avr->cycle / avr->frequency;
        if (seconds_max > 0 && simulated >= seconds_max) break;
        if (is_paced && simulated - seconds_since(&start) > 0.001) usleep(1000);
    }
}

int main(int argc, char **argv)
{
    const char *link = NULL, *eeprom = NULL;
    double seconds = 0;
    int is_paced = 1;
    elf_firmware_t firmware;
    avr_t *avr;

    memset(&firmware, 0, sizeof firmware);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--unpaced") == 0) is_paced = 0;
        else if (strcmp(argv[i], "--pty") == 0 && i + 1 < argc) link = argv[++i];
        else if (strcmp(argv[i], "--eeprom") == 0 && i + 1 < argc) eeprom = argv[++i];
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) seconds = atof(argv[++i]);
        else if (strcmp(argv[i], "--adc") == 0 && i + 1 < argc) {
            char *at = argv[++i];
            for (int channel = 0; channel < 8 && *at; channel++) millivolts[channel] = (unsigned)strtoul(at, &at, 10), at += *at == ',';
        } else return 64;
    }
    if (argc < 2 || elf_read_firmware(argv[1], &firmware) != 0) return 64;
    strcpy(firmware.mmcu, "atmega328p");
    firmware.frequency = 16000000;
    avr = avr_make_mcu_by_name(firmware.mmcu);
    if (avr == NULL) return 2;
    avr_init(avr);
    avr_load_firmware(avr, &firmware);
    avr->vcc = avr->avcc = avr->aref = 5000;
    if (link) open_pty(link);
    if (eeprom) keep_eeprom(avr, eeprom, 0);
    connect_uart(avr);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), on_conversion, avr);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    run(avr, seconds, is_paced);
    if (eeprom) keep_eeprom(avr, eeprom, 1);
    _exit(0); /* some peripherals of simavr hang when they are stopped */
}
