/*
 * fieldnote_bridge.h - makes any microcontroller a self-describing sensor.
 *
 * The device says who it is, hands out a descriptor of its streams (names, units, scales), and then sends batches
 * of samples. The host needs no configuration. Frames are COBS with a CRC-16; docs/reference/wire-protocol.md of
 * Fieldnote has every byte.
 *
 *     your sensors -> fb_sample() -> ring -> fb_take() in the transmit interrupt, or fb_peek()/fb_consume() for DMA
 *     your receive interrupt -> fb_receive() -> fb_poll() answers
 *
 * C99. No malloc, no globals, no stdio, no floating point: all memory is yours, everything else is an argument.
 *
 * Who may call what: fb_receive(), fb_take(), fb_peek() and fb_consume() are for interrupts (and fine elsewhere, see
 * there). Everything else belongs to one context, usually the main loop: there is a single producer of frames.
 * No function blocks. No function may be called before fb_start(), except the *_init() ones.
 */
#ifndef FIELDNOTE_BRIDGE_H
#define FIELDNOTE_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fieldnote_bridge_protocol.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "samples are sent as they lie in memory, so the processor must be little-endian"
#endif

/* FB_FLASH puts the descriptor where constants cost no RAM; FB_READ_FLASH reads a byte of it. */
#if defined(__AVR__)
#include <avr/pgmspace.h>
#define FB_FLASH PROGMEM
#define FB_READ_FLASH(address) pgm_read_byte(address)
#else
#define FB_FLASH
#define FB_READ_FLASH(address) (*(address))
#endif

/* Marks the sample structs of a generated descriptor: fields lie side by side, as they do on the wire. */
#if defined(__GNUC__)
#define FB_PACKED __attribute__((packed))
#else
#error "define FB_PACKED for this compiler: a struct without padding"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a call did. Only FB_OK means that the frame is on its way. */
typedef enum fb_result {
    FB_OK = 0,
    FB_FULL,      /* no room in the ring: the whole frame was dropped and counted in ring_drops */
    FB_TOO_LONG,  /* it fits no frame, or not even an empty ring: nothing was sent, nothing counted */
    FB_BUSY,      /* the burst before it is still being sent: nothing was changed */
    FB_BAD_CONFIG /* fb_start(): a value of the configuration is outside of its range */
} fb_result;

/*
 * The port: the four functions that connect the library to a board. `user` is fb_config.user, handed through.
 */
typedef struct fb_port {
    /*
     * Bytes are waiting: start the transmitter. Enable the transmit interrupt, or start the DMA if it is idle.
     * May be empty when the main loop itself moves the bytes. Called inside a critical section: keep it short.
     */
    void (*kick)(void *user);

    /*
     * The device's time: counts up at fb_config.tick_hz and wraps at 2^32. Called from the main loop and, at the
     * end of each received frame, from the context that calls fb_receive().
     */
    uint32_t (*ticks)(void *user);

    /*
     * Keeps the transmit and receive interrupts out until exit_critical() gets the returned state back. A few
     * dozen instructions run in between; calls are never nested by the library. The state is whatever the board
     * needs to restore: SREG, PRIMASK, the key of irq_lock(), or just 0.
     */
    unsigned (*enter_critical)(void *user);
    void (*exit_critical)(void *user, unsigned state);
} fb_port;

/*
 * A command of the host, called from fb_poll(). The library answers FB_CMD_PING by itself and never calls this twice
 * for repetitions of one command, so do the work here, or begin it.
 *
 * code       FB_CMD_APPLICATION to 255 are yours
 * arguments  as they came, unaligned, valid during the call only
 * returns    FB_ACK_OK, FB_ACK_UNKNOWN, FB_ACK_BAD_ARGUMENT, FB_ACK_BUSY or FB_ACK_FAILED
 */
typedef uint8_t (*fb_command)(void *user, uint8_t code, const uint8_t *arguments, uint8_t size);

/*
 * Who the device is and which memory it may use. Must live as long as the device; may be const.
 */
typedef struct fb_config {
    fb_port port;
    void *user; /* handed to the port and to command; the library does not look at it */

    uint8_t *ring;      /* what waits to be sent */
    uint16_t ring_size; /* bytes; a power of two from 128 to 32768. A frame of n body bytes needs n + 8 */

    uint8_t *receive_buffer; /* one frame from the host */
    uint8_t receive_size;    /* bytes; 32 is plenty, 254 the most; 0 for a device that only transmits */

    uint32_t tick_hz;    /* 1000 to 50000000; 1000000 where the board offers a choice */
    uint32_t boot_id;    /* must differ from boot to boot: a counter in EEPROM, a hardware random number */
    uint8_t reset_cause; /* FB_RESET_... */

    const uint8_t *uid; /* serial number of the chip; the host keeps two devices apart by it */
    uint8_t uid_size;   /* bytes; 0 (has none) to FB_UID_SIZE_MAX */

    const char *firmware; /* version, UTF-8, ends with 0; at most FB_FIRMWARE_SIZE_MAX bytes before that */

    const uint8_t *descriptor; /* the three of these come from the generated descriptor.h; lies in FB_FLASH */
    uint16_t descriptor_size;
    uint32_t descriptor_crc32c;

    fb_command command; /* NULL: every command but ping is unknown */
} fb_config;

/*
 * Takes frames out of received bytes. Part of fb_device; of interest by itself only to tests and hosts.
 */
typedef struct fb_receiver {
    uint8_t *buffer;
    uint8_t capacity;         /* bytes of buffer */
    uint8_t size;             /* bytes of the frame so far */
    uint8_t code;             /* COBS code of the current block; 0 between frames */
    uint8_t left;             /* bytes that the current block still wants */
    bool is_spoiled;          /* the rest of this run is of no use */
    volatile bool is_ready;   /* buffer holds a whole frame, until fb_receiver_release() */
    volatile uint16_t errors; /* runs that were no frame; wraps */
} fb_receiver;

/* What the frames of one stream have in common. */
typedef struct fb_lane {
    uint8_t id;       /* of the stream in the descriptor; 0 is the device itself */
    uint8_t sequence; /* of its next frame */
} fb_lane;

#define FB_OWN_COUNTERS (FB_STAT_RECEIVE_ERRORS + 1u)

/*
 * One device: all the state that the library has. Yours to place, private to the library.
 */
typedef struct fb_device {
    const fb_config *config;

    /* The ring; all positions count on and are masked when used. */
    volatile uint16_t head;
    volatile uint16_t tail;

    /* The frame that is being written. */
    uint16_t put_at;  /* of the next byte */
    uint16_t code_at; /* of the COBS code of the current block */
    uint16_t crc;
    uint8_t code; /* 1 + bytes of the current block */

    fb_lane lane;

    fb_receiver receiver;
    uint32_t received_at; /* ticks at the end of the frame in the receiver */

    /* What is due. */
    uint32_t now;          /* ticks of this fb_poll() */
    uint32_t second_at;    /* ticks at which the current second began */
    uint8_t hello_seconds; /* until the next HELLO */
    uint8_t host_seconds;  /* until a silent host counts as absent */
    bool is_stats_due;
    bool is_desc_due;
    uint16_t desc_offset; /* of the next chunk */

    /* The last command that was carried out, for its repetitions. */
    bool has_command;
    uint8_t command_status;
    uint16_t command_crc;

    int32_t counters[FB_OWN_COUNTERS]; /* by FB_STAT_..., never negative */
} fb_device;

/* ---------------------------------------------------------------------------------------- starting and polling */

/*
 * Makes the device ready and puts HELLO into the ring, so the port must be working. Interrupts may be enabled, but
 * fb_receive() must not be called before this returns.
 *
 * returns  FB_OK, or FB_BAD_CONFIG when a value is outside of the range that fb_config gives
 */
fb_result fb_start(fb_device *device, const fb_config *config);

/*
 * Answers the host, says HELLO and STATS every 5 s, and hands out the descriptor to a host that cannot ask. Call it
 * from the main loop, at least ten times a second. Its frames wait for room in the ring and are never dropped.
 */
void fb_poll(fb_device *device);

/* --------------------------------------------------------------------------------------------------- sampling */

/*
 * A stream of samples, sent in batches. Members are private.
 */
typedef struct fb_stream {
    uint8_t *batch;      /* the samples that wait for their frame */
    uint32_t t0;         /* ticks of the first of them */
    uint32_t next;       /* ticks at which the next one is expected */
    uint32_t period;     /* ticks between samples; 0: no fixed rate */
    fb_lane lane;
    uint8_t sample_size; /* bytes */
    uint8_t samples_max; /* in a batch */
    uint8_t count;       /* in the batch now */
} fb_stream;

/* Bytes that a batch needs: uint8_t batch[FB_BATCH_SIZE(sizeof(my_sample), 16)]. At most 245. */
#define FB_BATCH_SIZE(sample_size, samples_max) ((size_t)(sample_size) * (samples_max))

/*
 * Prepares a stream; after fb_start().
 *
 * id           1 to 255, as in the descriptor
 * sample_size  bytes of one packed sample, 1 to FB_SAMPLE_SIZE_MAX
 * samples_max  samples in one frame, 1 to 245. More of them cost less on the wire and arrive later: six 16-bit
 *              values cost 23 bytes alone and 12.7 in batches of 16. A stream without a fixed rate has 1.
 * period       ticks between samples, nearest whole number; 0 for no fixed rate
 * batch        FB_BATCH_SIZE(sample_size, samples_max) bytes that live as long as the stream
 *
 * returns  FB_OK, or FB_TOO_LONG when a batch exceeds FB_SAMPLE_SIZE_MAX bytes or the ring size minus 12
 */
fb_result fb_stream_init(fb_stream *stream, const fb_device *device, uint8_t id, uint8_t sample_size,
                         uint8_t samples_max, uint32_t period, uint8_t *batch);

/*
 * Adds one sample; the last one of a batch sends the frame. When the ring has no room, a full batch waits until the
 * next sample, and is dropped then. A sample that comes more than half a period early or late (one was missed, the
 * clock was set) ends the batch before it, so that every sample keeps its true time.
 *
 * tick    when the sample was taken
 * sample  sample_size bytes in the layout of the descriptor; any alignment
 *
 * returns  FB_OK; FB_FULL when the batch before this sample had to be dropped (this one is kept); FB_TOO_LONG when
 *          fb_stream_init() said so
 */
fb_result fb_sample(fb_device *device, fb_stream *stream, uint32_t tick, const void *sample);

/*
 * Sends what the batch holds now, for instance before the processor sleeps.
 *
 * returns  FB_OK, also for an empty batch; FB_FULL when it had to be dropped
 */
fb_result fb_flush(fb_device *device, fb_stream *stream);

/* ------------------------------------------------------------------------------------- events, texts and figures */

/* Writes CBOR (RFC 8949) into memory of yours, for the arguments of events. A value that does not fit sets
   is_too_long, and fb_event() then refuses it. */
typedef struct fb_cbor {
    uint8_t *buffer;
    uint8_t capacity; /* bytes */
    uint8_t size;     /* bytes written */
    bool is_too_long;
} fb_cbor;

void fb_cbor_init(fb_cbor *cbor, uint8_t *buffer, uint8_t capacity);
void fb_cbor_uint(fb_cbor *cbor, uint32_t value);
void fb_cbor_int(fb_cbor *cbor, int32_t value);
void fb_cbor_text(fb_cbor *cbor, const char *text); /* UTF-8, ends with 0 */
void fb_cbor_array(fb_cbor *cbor, uint8_t count);   /* then so many values */
void fb_cbor_map(fb_cbor *cbor, uint8_t count);     /* then so many pairs of key and value, keys in order */

/*
 * Something happened.
 *
 * tick       when
 * code       what; numbers of your own
 * arguments  one value written with fb_cbor_...(), or NULL
 *
 * returns  FB_OK, FB_FULL or FB_TOO_LONG
 */
fb_result fb_event(fb_device *device, uint32_t tick, uint16_t code, const fb_cbor *arguments);

/*
 * Text for people.
 *
 * level  FB_LOG_ERROR to FB_LOG_DEBUG
 * text   UTF-8, ends with 0, at most 248 bytes before that
 *
 * returns  FB_OK, FB_FULL or FB_TOO_LONG
 */
fb_result fb_log(fb_device *device, uint8_t level, const char *text);

/*
 * Sends figures about the device beside the counters that fb_poll() sends. The host keeps the last value of each.
 *
 * key     FB_STAT_... of the first value, from FB_STAT_SENSOR_ERRORS; FB_STAT_APPLICATION to 255 are yours
 * values  of this key and the ones that follow it
 * count   1 to 62, less in a small ring
 *
 * returns  FB_OK, FB_FULL or FB_TOO_LONG
 */
fb_result fb_stats(fb_device *device, uint8_t key, const int32_t *values, uint8_t count);

/* --------------------------------------------------------------------------------------------------- waveforms */

/*
 * A stream of waveforms: a block of samples that was taken much faster than the link could carry, such as 2048
 * samples of an accelerometer at 12.8 kHz. Members are private.
 */
typedef struct fb_burst {
    const uint8_t *waveform;
    uint32_t t0;
    uint32_t crc32c;
    uint16_t total;  /* bytes of the waveform */
    uint16_t offset; /* bytes sent so far */
    uint16_t number; /* counts the bursts of the stream */
    fb_lane lane;
} fb_burst;

/* Prepares a stream of waveforms; id as in the descriptor, 1 to 255. */
void fb_burst_init(fb_burst *burst, uint8_t id);

/*
 * Begins to send a waveform: computes its CRC-32C (about 10 ms for 4 KiB on a 16 MHz Cortex-M, no table), and leaves
 * the rest to fb_burst_continue().
 *
 * t0        ticks of its first sample
 * waveform  packed samples; must stay as they are until fb_burst_continue() returns false
 * size      bytes, 1 to 65535
 *
 * returns  FB_OK, FB_BUSY when the waveform before it is still being sent, FB_TOO_LONG for 0 bytes
 */
fb_result fb_burst_start(fb_burst *burst, uint32_t t0, const void *waveform, uint16_t size);

/*
 * Sends as many chunks as fit into half of the ring; the other half is for everything else. Call it from the main
 * loop beside fb_poll(). Costs little when there is nothing to do.
 *
 * returns  true while a part of the waveform is left
 */
bool fb_burst_continue(fb_device *device, fb_burst *burst);

/* --------------------------------------------------------------------------------------------- moving the bytes */

/*
 * The next byte for the transmitter. For the interrupt "transmit register empty"; inline, because that interrupt
 * comes for every byte.
 *
 * byte     is set when true is returned
 * returns  false when nothing is left: switch the interrupt off, kick() will ask for it again
 *
 * Call it from the transmit interrupt, or with that interrupt kept out.
 */
static inline bool fb_take(fb_device *device, uint8_t *byte)
{
    uint16_t tail = device->tail;
    if (tail == device->head) return false;
    *byte = device->config->ring[tail & (uint16_t)(device->config->ring_size - 1u)];
    device->tail = (uint16_t)(tail + 1u);
    return true;
}

/* Whether fb_take() would return true. Same callers. */
static inline bool fb_has_bytes(const fb_device *device)
{
    return device->tail != device->head;
}

/*
 * The bytes that wait, as far as they lie side by side: for DMA, or for a write() that takes as much as it can.
 *
 * bytes    is set to the first of them; they stay where they are until fb_consume()
 * returns  how many, 0 when there are none. At the end of the ring a second call after fb_consume() gives the rest.
 *
 * Same callers as fb_take(); use one way or the other, not both.
 */
uint16_t fb_peek(const fb_device *device, const uint8_t **bytes);

/* Gives back `count` bytes, at most as many as fb_peek() returned: they are sent. Same callers. */
void fb_consume(fb_device *device, uint16_t count);

/*
 * One received byte. Takes the frame out of COBS at once; its checksum and its answer are left to fb_poll(). A frame that
 * comes before fb_poll() has answered the one before it is dropped and counted; the host waits or repeats.
 *
 * For the receive interrupt, or a loop that reads bytes with that interrupt kept out. A device without a receive buffer
 * may call it; the byte is ignored.
 */
void fb_receive(fb_device *device, uint8_t byte);

/* ---------------------------------------------------------------------------- parts, for tests and for hosts in C */

/* buffer: at least 5 bytes, at most FB_FRAME_SIZE_MAX, which takes every frame. */
void fb_receiver_init(fb_receiver *receiver, uint8_t *buffer, uint8_t capacity);

/* Takes one byte. Returns true when it ended a frame; buffer holds `size` bytes of it then. Interrupt-safe. */
bool fb_receiver_take(fb_receiver *receiver, uint8_t byte);

/* Whether the frame that is ready has the right checksum and version. */
bool fb_receiver_is_valid(const fb_receiver *receiver);

/* Makes room for the next frame. */
void fb_receiver_release(fb_receiver *receiver);

/* CRC-16/MCRF4XX, begins with 0xFFFF. */
uint16_t fb_crc16(uint16_t crc, const uint8_t *bytes, size_t size);

/* CRC-32C of a whole block. */
uint32_t fb_crc32c(const uint8_t *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
