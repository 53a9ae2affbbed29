/* An accelerometer on a bearing, computed: 1 g of shaft at 49 Hz, a ringing at 3.2 kHz that each turn strikes anew, noise. */
#ifndef ACCELEROMETER_H
#define ACCELEROMETER_H

#include <stddef.h>
#include <stdint.h>

#define SHAFT_STEP 251u    /* 49 Hz at 12.8 kHz, of a turn of 65536 */
#define RINGING_STEP 16384u /* 3.2 kHz */

/* A sine from -2048 to 2048 of an angle where 65536 is a turn; a parabola for each half, at most 6 % off. */
static inline int32_t parabola(uint16_t angle)
{
    int32_t x = (int16_t)angle >> 2; /* -8192 to 8191 is half a turn each way */
    int32_t positive = x < 0 ? -x : x;
    return x * (8192 - positive) / 8192;
}

static inline void accelerometer_fill(int16_t *samples, size_t count)
{
    static uint16_t shaft, ringing;
    static uint32_t noise = 1;
    for (size_t i = 0; i < count; i++) {
        int32_t fading = 0xFFFF - shaft;
        noise = noise * 1664525u + 1013904223u;
        samples[i] = (int16_t)(parabola(shaft) + parabola(ringing) * fading / 131072 + (int32_t)(noise >> 26) - 32);
        shaft = (uint16_t)(shaft + SHAFT_STEP);
        ringing = (uint16_t)(ringing + RINGING_STEP);
    }
}

#endif
