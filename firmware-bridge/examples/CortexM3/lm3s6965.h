/* firmware-bridge on an LM3S6965 (Cortex-M3, 12.5 MHz): the four port functions, UART 0, and a TMP105 on I2C 0. Polled. */
#ifndef LM3S6965_H
#define LM3S6965_H

#include <fieldnote_bridge.h>

#define CLOCK_HZ 12500000u
#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SYSTICK_CONTROL REGISTER(0xE000E010u)
#define SYSTICK_RELOAD REGISTER(0xE000E014u)
#define SYSTICK_VALUE REGISTER(0xE000E018u)
#define CYCLES_PER_MS (CLOCK_HZ / 1000u)

#define RESET_CAUSES REGISTER(0x400FE05Cu)
#define CLOCK_GATES_1 REGISTER(0x400FE104u)

#define UART_DATA REGISTER(0x4000C000u)
#define UART_FLAGS REGISTER(0x4000C018u)
#define UART_BAUD_INTEGER REGISTER(0x4000C024u)
#define UART_BAUD_FRACTION REGISTER(0x4000C028u)
#define UART_LINE REGISTER(0x4000C02Cu)
#define UART_CONTROL REGISTER(0x4000C030u)
#define UART_RECEIVE_EMPTY (1u << 4)
#define UART_TRANSMIT_FULL (1u << 5)

#define I2C_ADDRESS REGISTER(0x40020000u)
#define I2C_CONTROL REGISTER(0x40020004u)
#define I2C_DATA REGISTER(0x40020008u)
#define I2C_CONFIG REGISTER(0x40020020u)
#define I2C_RUN 1u
#define I2C_START 2u
#define I2C_STOP 4u
#define I2C_ACK 8u
#define I2C_BUSY 1u
#define I2C_ERROR 2u

static volatile uint32_t milliseconds;

void systick_handler(void);
void systick_handler(void)
{
    milliseconds++;
}

/* ------------------------------------------------------------------------------------------- the four functions */

/* The main loop transmits. */
static void board_kick(void *user)
{
    (void)user;
}

/* Microseconds: the milliseconds that were counted, and how far SysTick has come since. */
static uint32_t board_ticks(void *user)
{
    uint32_t before, value;
    (void)user;
    do {
        before = milliseconds;
        value = SYSTICK_VALUE;
    } while (before != milliseconds);
    return before * 1000u + (CYCLES_PER_MS - 1u - value) * 2u / 25u;
}

static unsigned board_enter_critical(void *user)
{
    unsigned state;
    (void)user;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(state)::"memory");
    return state;
}

static void board_exit_critical(void *user, unsigned state)
{
    (void)user;
    __asm volatile("msr primask, %0" ::"r"(state) : "memory");
}

/* ---------------------------------------------------------------------------------------------------- the board */

static void board_init(void)
{
    CLOCK_GATES_1 |= 1u | 1u << 12; /* UART 0 and I2C 0 */
    UART_CONTROL = 0;
    UART_BAUD_INTEGER = CLOCK_HZ / (16u * 115200u);
    UART_BAUD_FRACTION = 50;  /* 12.5 MHz / (16 x 115200) = 6.78 = 6 + 50 / 64 */
    UART_LINE = 0x70;         /* 8 bits, FIFO */
    UART_CONTROL = 0x301;     /* transmitter, receiver, on */
    SYSTICK_RELOAD = CYCLES_PER_MS - 1u;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7;
}

static void board_sleep(void)
{
    __asm volatile("wfi");
}

/* This board has neither a random number generator nor memory that lasts, but the loop and SysTick do not run in step: how often
   the loop comes around in a millisecond differs a little each time. A product counts its boots in flash instead. */
static uint32_t board_random(void)
{
    uint32_t random = 0x811C9DC5u;
    for (unsigned round = 0; round < 32; round++) {
        uint32_t now = milliseconds, count = 0;
        while (now == milliseconds) count++;
        random = (random ^ count) * 0x01000193u;
        random ^= random >> 15;
    }
    return random;
}

static uint8_t board_reset_cause(void)
{
    uint32_t causes = RESET_CAUSES;
    RESET_CAUSES = 0;
    if (causes & 2u) return FB_RESET_POWER_ON;
    if (causes & 4u) return FB_RESET_BROWN_OUT;
    if (causes & 8u) return FB_RESET_WATCHDOG;
    if (causes & 16u) return FB_RESET_SOFTWARE;
    return causes & 1u ? FB_RESET_EXTERNAL : FB_RESET_UNKNOWN;
}

static bool uart_put(uint8_t byte)
{
    if (UART_FLAGS & UART_TRANSMIT_FULL) return false;
    UART_DATA = byte;
    return true;
}

static bool uart_get(uint8_t *byte)
{
    if (UART_FLAGS & UART_RECEIVE_EMPTY) return false;
    *byte = (uint8_t)UART_DATA;
    return true;
}

/* --------------------------------------------------------------------------------------------------- the sensor */

#define TMP105_ADDRESS 0x48u
#define TMP105_TEMPERATURE 0u
#define TMP105_CONFIG 1u
#define TMP105_12_BITS 0x60u

/* One step on the bus; false when nobody acknowledges or the bus hangs. */
static bool i2c_step(uint32_t what)
{
    uint32_t patience = CLOCK_HZ / 1000u;
    I2C_CONTROL = what;
    while ((I2C_CONTROL & I2C_BUSY) && --patience > 0) { }
    return patience > 0 && !(I2C_CONTROL & I2C_ERROR);
}

static void tmp105_init(void)
{
    I2C_CONFIG = 0x10; /* master */
    I2C_ADDRESS = TMP105_ADDRESS << 1;
    I2C_DATA = TMP105_CONFIG;
    if (!i2c_step(I2C_RUN | I2C_START)) return;
    I2C_DATA = TMP105_12_BITS;
    (void)i2c_step(I2C_RUN | I2C_STOP);
}

/* In 1/256 °C. */
static bool tmp105_read(int16_t *temperature)
{
    uint32_t high;
    I2C_ADDRESS = TMP105_ADDRESS << 1;
    I2C_DATA = TMP105_TEMPERATURE;
    if (!i2c_step(I2C_RUN | I2C_START | I2C_STOP)) return false;
    I2C_ADDRESS = TMP105_ADDRESS << 1 | 1u;
    if (!i2c_step(I2C_RUN | I2C_START | I2C_ACK)) return false;
    high = I2C_DATA;
    if (!i2c_step(I2C_RUN | I2C_STOP)) return false;
    *temperature = (int16_t)(uint16_t)(high << 8 | (I2C_DATA & 0xFFu));
    return true;
}

#endif
