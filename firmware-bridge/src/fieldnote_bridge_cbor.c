/* Writes the few kinds of CBOR items that the protocol knows, each number in its shortest form (RFC 8949, 4.2.1). */
#include "fieldnote_bridge.h"

/* Major types, in the upper three bits of an item's first byte. */
#define UNSIGNED 0u
#define NEGATIVE (1u << 5)
#define TEXT (3u << 5)
#define ARRAY (4u << 5)
#define MAP (5u << 5)

/* Values of the lower five bits that announce an argument of 1, 2 or 4 bytes; smaller ones are the argument. */
#define ONE_BYTE 24u

void fb_cbor_init(fb_cbor *cbor, uint8_t *buffer, uint8_t capacity)
{
    cbor->buffer = buffer;
    cbor->capacity = capacity;
    cbor->size = 0;
    cbor->is_too_long = false;
}

static void append(fb_cbor *cbor, uint8_t byte)
{
    if (cbor->size < cbor->capacity) cbor->buffer[cbor->size++] = byte;
    else cbor->is_too_long = true;
}

static void item(fb_cbor *cbor, uint8_t major, uint32_t argument)
{
    uint8_t bytes = argument < ONE_BYTE ? 0 : argument <= 0xFFu ? 1 : argument <= 0xFFFFu ? 2 : 4;
    uint8_t additional = bytes == 0 ? (uint8_t)argument : (uint8_t)(ONE_BYTE + bytes / 2u);
    append(cbor, (uint8_t)(major | additional));
    while (bytes-- > 0) append(cbor, (uint8_t)(argument >> (8u * bytes)));
}

void fb_cbor_uint(fb_cbor *cbor, uint32_t value)
{
    item(cbor, UNSIGNED, value);
}

/* A negative value n is sent as -1 - n, which is ~n. */
void fb_cbor_int(fb_cbor *cbor, int32_t value)
{
    if (value < 0) item(cbor, NEGATIVE, ~(uint32_t)value);
    else item(cbor, UNSIGNED, (uint32_t)value);
}

void fb_cbor_text(fb_cbor *cbor, const char *text)
{
    item(cbor, TEXT, (uint32_t)strlen(text));
    while (*text) append(cbor, (uint8_t)*text++);
}

void fb_cbor_array(fb_cbor *cbor, uint8_t count)
{
    item(cbor, ARRAY, count);
}

void fb_cbor_map(fb_cbor *cbor, uint8_t count)
{
    item(cbor, MAP, count);
}
