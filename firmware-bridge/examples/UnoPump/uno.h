/*
 * firmware-bridge on an ATmega328P: the four port functions, the interrupts that move the bytes, and what else the sketch
 * needs of the chip. One board has one serial port, so this port, unlike the library, keeps its state in globals.
 */
#ifndef UNO_H
#define UNO_H

#include <avr/boot.h>
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <fieldnote_bridge.h>

#ifndef F_CPU
#define F_CPU 16000000UL
#endif

#define UNO_TICK_HZ (F_CPU / 64) /* timer 1: 4 µs, wraps after 4.8 hours */
#define UNO_UID_SIZE 10
#define UNO_BOOT_COUNTER ((uint32_t *)0) /* in EEPROM */

static fb_device *uno_device;
static uint16_t uno_period;              /* ticks between samples */
static volatile uint16_t uno_ticks_high; /* counts the overflows of timer 1 */
static volatile uint8_t uno_samples_due;
static volatile uint32_t uno_due_at;
static uint16_t uno_missed;

/* ------------------------------------------------------------------------------------------- the four functions */

static void uno_kick(void *user)
{
    (void)user;
    UCSR0B |= _BV(UDRIE0);
}

static uint32_t uno_ticks(void *user)
{
    (void)user;
    uint8_t state = SREG;
    cli();
    uint16_t low = TCNT1;
    uint16_t high = uno_ticks_high;
    /* An overflow that is not counted yet belongs to this reading when the timer has begun again. */
    if ((TIFR1 & _BV(TOV1)) && low < 0x8000) high++;
    SREG = state;
    return (uint32_t)high << 16 | low;
}

static unsigned uno_enter_critical(void *user)
{
    (void)user;
    uint8_t state = SREG;
    cli();
    return state;
}

static void uno_exit_critical(void *user, unsigned state)
{
    (void)user;
    SREG = (uint8_t)state;
}

static inline fb_port uno_port(void)
{
    fb_port port = {uno_kick, uno_ticks, uno_enter_critical, uno_exit_critical};
    return port;
}

/* --------------------------------------------------------------------------------------------- the interrupts */

ISR(USART_UDRE_vect)
{
    uint8_t byte;
    if (fb_take(uno_device, &byte)) UDR0 = byte;
    if (!fb_has_bytes(uno_device)) UCSR0B &= (uint8_t)~_BV(UDRIE0);
}

ISR(USART_RX_vect)
{
    fb_receive(uno_device, UDR0);
}

ISR(TIMER1_OVF_vect)
{
    uno_ticks_high++;
}

ISR(TIMER1_COMPA_vect)
{
    OCR1A += uno_period;
    uno_due_at += uno_period; /* when it was due, not when this interrupt came */
    uno_samples_due++;
}

/* Opens the serial port at this many baud, and lets samples come due every so many ticks. Interrupts stay off. */
static inline void uno_begin(fb_device *device, uint32_t baud, uint16_t period)
{
    uno_device = device;
    uno_period = period;
    UCSR0A = _BV(U2X0); /* before UBRR0: some emulators compute the baud rate when that is written */
    UBRR0 = (uint16_t)((F_CPU / 8 + baud / 2) / baud - 1);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    TCCR1A = 0;
    TCCR1B = _BV(CS11) | _BV(CS10);
    OCR1A = period;
    TIMSK1 = _BV(OCIE1A) | _BV(TOIE1);
    ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
}

/* ---------------------------------------------------------------------------------------------------- sampling */

/* Whether it is time for a sample, and for which moment. */
static inline bool uno_is_sample_due(uint32_t *tick)
{
    cli();
    uint8_t due = uno_samples_due;
    *tick = uno_due_at;
    uno_samples_due = 0;
    sei();
    if (due > 1) uno_missed = (uint16_t)(uno_missed + due - 1);
    return due > 0;
}

static inline uint16_t uno_missed_samples(void)
{
    return uno_missed;
}

/* 0 to 1023 for 0 V to the supply; takes 0.1 ms. */
static inline uint16_t uno_read_analog(uint8_t channel)
{
    ADMUX = (uint8_t)(_BV(REFS0) | channel);
    ADCSRA |= _BV(ADSC);
    while (ADCSRA & _BV(ADSC)) { }
    return ADC;
}

/* The internal 1.1 V, measured against the supply, tells the supply in mV. The first readings settle. */
static inline uint16_t uno_read_supply_mv(void)
{
    uint16_t reading = 0;
    for (uint8_t i = 0; i < 4; i++) reading = uno_read_analog(14);
    return reading > 0 ? (uint16_t)(1100UL * 1024 / reading) : 0;
}

/* ---------------------------------------------------------------------------------------------------- identity */

/* The lot, wafer and place on it from which the chip was cut. */
static inline void uno_read_uid(uint8_t *uid)
{
    for (uint8_t i = 0; i < UNO_UID_SIZE; i++) uid[i] = boot_signature_byte_get(0x0E + i);
}

/* One more with each boot; EEPROM lasts for 100,000 of them. */
static inline uint32_t uno_count_boot(void)
{
    uint32_t count = eeprom_read_dword(UNO_BOOT_COUNTER) + 1;
    eeprom_update_dword(UNO_BOOT_COUNTER, count);
    return count;
}

/* A bootloader that clears the flags leaves nothing to tell. */
static inline uint8_t uno_reset_cause(void)
{
    uint8_t flags = MCUSR;
    MCUSR = 0;
    if (flags & _BV(PORF)) return FB_RESET_POWER_ON;
    if (flags & _BV(BORF)) return FB_RESET_BROWN_OUT;
    if (flags & _BV(WDRF)) return FB_RESET_WATCHDOG;
    return flags & _BV(EXTRF) ? FB_RESET_EXTERNAL : FB_RESET_UNKNOWN;
}

static inline void uno_set_led(bool is_on)
{
    DDRB |= _BV(DDB5);
    if (is_on) PORTB |= _BV(PORTB5);
    else PORTB &= (uint8_t)~_BV(PORTB5);
}

/* ------------------------------------------------------------------------------------------------------- stack */

#define UNO_STACK_PAINT 0xA5

extern uint8_t _end; /* of the variables; the stack grows down to it */

/* Paints the memory that the stack has not touched yet. */
static inline void uno_paint_stack(void)
{
    for (uint8_t *at = &_end; at < (uint8_t *)SP - 8; at++) *at = UNO_STACK_PAINT;
}

/* Bytes that the stack has never reached. */
static inline uint16_t uno_stack_free_min(void)
{
    const uint8_t *at = &_end;
    while (*at == UNO_STACK_PAINT) at++;
    return (uint16_t)(at - &_end);
}

#endif
