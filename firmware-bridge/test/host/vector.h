/* The types of the golden vectors in their C form. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct vector_bytes {
    const uint8_t *bytes;
    size_t size;
} vector_bytes;

typedef struct crc_vector {
    vector_bytes bytes;
    uint32_t crc;
} crc_vector;

typedef struct frame_vector {
    const char *name;
    uint8_t type;
    uint8_t stream;
    uint8_t sequence;
    vector_bytes body;
    vector_bytes wire;
} frame_vector;

typedef struct stream_vector {
    const char *name;
    vector_bytes wire;
    vector_bytes frames; /* all that are found, one behind the other */
    size_t frame_count;
    uint16_t errors;
} stream_vector;

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#endif
