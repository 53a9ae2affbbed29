/* Private: one step of CRC-16/MCRF4XX. Without a table; avr-libc has the same in 24 cycles. */
#ifndef FIELDNOTE_BRIDGE_CRC_H
#define FIELDNOTE_BRIDGE_CRC_H

#include <stdint.h>

#define FB_CRC16_START 0xFFFFu

#if defined(__AVR__)
#include <util/crc16.h>
#define fb_crc16_step(crc, byte) _crc_ccitt_update(crc, byte)
#else
static inline uint16_t fb_crc16_step(uint16_t crc, uint8_t byte)
{
    uint8_t mixed = (uint8_t)(byte ^ (uint8_t)crc);
    mixed = (uint8_t)(mixed ^ (uint8_t)(mixed << 4));
    return (uint16_t)((crc >> 8) ^ (uint16_t)(mixed << 8) ^ (uint16_t)(mixed << 3) ^ (uint16_t)(mixed >> 4));
}
#endif

#endif
