/* COBS from the wire, one byte at a time, into a buffer of fixed size. */
#include "fieldnote_bridge_crc.h"
#include "fieldnote_bridge_frame.h"

/* What the CRC over a frame and its own complemented CRC comes to. */
#define CRC16_RESIDUE 0xF0B8u

void fb_receiver_init(fb_receiver *receiver, uint8_t *buffer, uint8_t capacity)
{
    memset(receiver, 0, sizeof *receiver);
    receiver->buffer = buffer;
    receiver->capacity = capacity;
}

static void append(fb_receiver *receiver, uint8_t byte)
{
    if (receiver->size < receiver->capacity) receiver->buffer[receiver->size++] = byte;
    else receiver->is_spoiled = true;
}

/* The delimiter came: what was received is a frame, an error, or nothing at all. */
static bool end_run(fb_receiver *receiver)
{
    bool is_empty = receiver->code == 0 && !receiver->is_spoiled;
    bool is_frame = !receiver->is_spoiled && receiver->left == 0 && receiver->size >= FB_FRAME_SIZE_MIN;
    receiver->code = 0;
    receiver->left = 0;
    receiver->is_spoiled = false;
    if (is_empty) return false;
    if (is_frame) {
        receiver->is_ready = true;
        return true;
    }
    receiver->errors++;
    return false;
}

/* A new COBS block; the one before it ends with a zero that was not sent. Only a block of 254 bytes does not, but that is a
   whole frame, and anything behind it too much for the buffer. */
static void begin_block(fb_receiver *receiver, uint8_t code)
{
    if (receiver->code == 0) receiver->size = 0;
    else append(receiver, 0);
    receiver->code = code;
    receiver->left = (uint8_t)(code - 1u);
}

bool fb_receiver_take(fb_receiver *receiver, uint8_t byte)
{
    if (byte == 0) return end_run(receiver);
    if (receiver->is_ready) receiver->is_spoiled = true; /* there is no place for it */
    if (receiver->is_spoiled) return false;
    if (receiver->left == 0) {
        begin_block(receiver, byte);
    } else {
        receiver->left--;
        append(receiver, byte);
    }
    return false;
}

bool fb_receiver_is_valid(const fb_receiver *receiver)
{
    return fb_crc16(FB_CRC16_START, receiver->buffer, receiver->size) == CRC16_RESIDUE &&
           receiver->buffer[0] >> 6 == FB_VERSION;
}

void fb_receiver_release(fb_receiver *receiver)
{
    receiver->is_ready = false;
}

void fb_receive(fb_device *device, uint8_t byte)
{
    if (device->receiver.capacity == 0) return;
    if (fb_receiver_take(&device->receiver, byte)) device->received_at = fb_ticks(device);
}
