/*
 * Generated from protocol/definition.json: do not edit. The page docs/reference/wire-protocol.md explains it.
 */
#ifndef FIELDNOTE_BRIDGE_PROTOCOL_H
#define FIELDNOTE_BRIDGE_PROTOCOL_H

#define FB_VERSION 1u                        /* upper two bits of the first byte of every frame */
#define FB_REVISION 0u                       /* additions to this version, said in HELLO */

/* Limits. */
#define FB_FRAME_SIZE_MAX 254u               /* bytes of a frame before COBS, header and CRC included: COBS then costs exactly one byte */
#define FB_FRAME_SIZE_MIN 5u                 /* bytes of a frame with an empty body */
#define FB_BODY_SIZE_MAX 249u                /* bytes of a body */
#define FB_RUN_SIZE_MAX 255u                 /* bytes between two delimiters; a longer run is no frame */
#define FB_UID_SIZE_MAX 16u                  /* bytes of the unique id in HELLO */
#define FB_FIRMWARE_SIZE_MAX 32u             /* bytes of the firmware version in HELLO */
#define FB_DESCRIPTOR_SIZE_MAX 8192u         /* bytes of the whole descriptor */
#define FB_STREAMS_MAX 32u                   /* streams of one descriptor */
#define FB_FIELDS_MAX 64u                    /* fields of one stream */
#define FB_NAME_SIZE_MAX 32u                 /* bytes of the name of a stream or a field */
#define FB_UNIT_SIZE_MAX 16u                 /* bytes of a unit */
#define FB_SAMPLE_SIZE_MAX 245u              /* bytes of one packed sample: it must fit a DATA body beside t0 */
#define FB_BURST_SIZE_MAX 65535u             /* bytes of one waveform */

/* Times. */
#define FB_HELLO_PERIOD_MS 5000u             /* a device says HELLO and STATS so often */
#define FB_DESC_PERIOD_MS 1000u              /* a device that hears no host sends one DESC chunk so often */
#define FB_HOST_SILENCE_MS 30000u            /* after so long without a valid frame from the host a device takes itself for unheard */

/* Frame types: lower six bits of the first byte. */
#define FB_TYPE_HELLO 0u                     /* who the device is: at boot, on request, and every 5 s */
#define FB_TYPE_DESC 1u                      /* one chunk of the descriptor */
#define FB_TYPE_DATA 2u                      /* a batch of samples of one stream */
#define FB_TYPE_EVENT 3u                     /* something happened on the device */
#define FB_TYPE_LOG 4u                       /* text for people */
#define FB_TYPE_STATS 5u                     /* how the device itself is doing */
#define FB_TYPE_SYNC 6u                      /* one round trip, to take the delay of the link out of the clock */
#define FB_TYPE_CMD 7u                       /* a command; the host repeats it until it is acknowledged */
#define FB_TYPE_ACK 8u                       /* the answer to a command */
#define FB_TYPE_BURST 9u                     /* one chunk of a fast waveform */

/* Offsets in the bodies, and the size of a body whose parts of changing size are empty. */
#define FB_HELLO_REVISION_AT 0u              /* u8: additions to this version of the protocol that the device knows; 0 is this page */
#define FB_HELLO_RESET_CAUSE_AT 1u           /* u8: why it started, see reset causes */
#define FB_HELLO_RECEIVE_WINDOW_AT 2u        /* u16: bytes that the host may send before it waits for an answer; 0: the device only transmits */
#define FB_HELLO_BOOT_ID_AT 4u               /* u32: differs from boot to boot; a new one restarts clock, sequences and bursts */
#define FB_HELLO_TICK_HZ_AT 8u               /* u32: ticks per second of every time below */
#define FB_HELLO_SCHEMA_CRC32C_AT 12u        /* u32: CRC-32C of the whole descriptor: the key of a host's cache */
#define FB_HELLO_TICK_AT 16u                 /* u32: the device's time when this frame was made */
#define FB_HELLO_UID_SIZE_AT 20u             /* u8: bytes of uid, 0 to 16 */
#define FB_HELLO_UID_AT 21u                  /* bytes: serial number of the chip; empty when it has none */
#define FB_HELLO_SIZE_MIN 21u                /* bytes */
#define FB_HELLO_REQUEST_SIZE_MIN 0u         /* bytes */
#define FB_DESC_OFFSET_AT 0u                 /* u16: of the first byte of this chunk */
#define FB_DESC_TOTAL_AT 2u                  /* u16: bytes of the whole descriptor */
#define FB_DESC_CHUNK_AT 4u                  /* bytes: 1 to 245 bytes */
#define FB_DESC_SIZE_MIN 4u                  /* bytes */
#define FB_DESC_REQUEST_OFFSET_AT 0u         /* u16: of the first byte wanted */
#define FB_DESC_REQUEST_SIZE_MIN 2u          /* bytes */
#define FB_DATA_T0_AT 0u                     /* u32: ticks of the first sample */
#define FB_DATA_SAMPLES_AT 4u                /* bytes: 1 or more samples: the fields of the stream, packed in the order of the descriptor */
#define FB_DATA_SIZE_MIN 4u                  /* bytes */
#define FB_EVENT_TICK_AT 0u                  /* u32: when it happened */
#define FB_EVENT_CODE_AT 4u                  /* u16: what happened; the firmware's own numbers */
#define FB_EVENT_ARGUMENTS_AT 6u             /* cbor: one CBOR item, or nothing */
#define FB_EVENT_SIZE_MIN 6u                 /* bytes */
#define FB_LOG_LEVEL_AT 0u                   /* u8: see log levels */
#define FB_LOG_TEXT_AT 1u                    /* text: UTF-8, at most 248 bytes, without a line end */
#define FB_LOG_SIZE_MIN 1u                   /* bytes */
#define FB_STATS_KEY_AT 0u                   /* u8: of the first value, see stats keys */
#define FB_STATS_VALUES_AT 1u                /* bytes: one or more i32: the values of this key and of those that follow it */
#define FB_STATS_SIZE_MIN 1u                 /* bytes */
#define FB_SYNC_REQUEST_T1_AT 0u             /* u64: the host's time; the device only gives it back */
#define FB_SYNC_REQUEST_SIZE_MIN 8u          /* bytes */
#define FB_SYNC_T1_AT 0u                     /* u64: as it came */
#define FB_SYNC_TICK_AT 8u                   /* u32: when the request's closing delimiter had arrived */
#define FB_SYNC_SIZE_MIN 12u                 /* bytes */
#define FB_CMD_ID_AT 0u                      /* u8: chosen by the host, another one for each new command */
#define FB_CMD_CODE_AT 1u                    /* u8: what to do, see commands */
#define FB_CMD_ARGUMENTS_AT 2u               /* bytes: as the command wants them */
#define FB_CMD_SIZE_MIN 2u                   /* bytes */
#define FB_ACK_ID_AT 0u                      /* u8: of the command */
#define FB_ACK_STATUS_AT 1u                  /* u8: see acknowledgement statuses */
#define FB_ACK_SIZE_MIN 2u                   /* bytes */
#define FB_BURST_ID_AT 0u                    /* u16: counts the bursts of this stream since boot */
#define FB_BURST_OFFSET_AT 2u                /* u16: of the first byte of this chunk in the waveform */
#define FB_BURST_TOTAL_AT 4u                 /* u16: bytes of the waveform */
#define FB_BURST_T0_AT 6u                    /* u32: ticks of the first sample */
#define FB_BURST_CRC32C_AT 10u               /* u32: CRC-32C of the whole waveform */
#define FB_BURST_CHUNK_AT 14u                /* bytes: 1 to 235 bytes of packed samples */
#define FB_BURST_SIZE_MIN 14u                /* bytes */

/* Reset causes. */
#define FB_RESET_UNKNOWN 0u                  /* the chip does not tell */
#define FB_RESET_POWER_ON 1u                 /* power came */
#define FB_RESET_BROWN_OUT 2u                /* the supply sagged */
#define FB_RESET_EXTERNAL 3u                 /* reset pin or button, DTR of a USB adapter */
#define FB_RESET_WATCHDOG 4u                 /* the firmware hung */
#define FB_RESET_SOFTWARE 5u                 /* the firmware restarted itself */
#define FB_RESET_FAULT 6u                    /* hard fault, stack overflow, failed assertion */

/* Log levels. */
#define FB_LOG_ERROR 0u                      /* something does not work */
#define FB_LOG_WARNING 1u                    /* somebody should know */
#define FB_LOG_INFO 2u                       /* good to know */
#define FB_LOG_DEBUG 3u                      /* for the author of the firmware */

/* Acknowledgement statuses. */
#define FB_ACK_OK 0u                         /* carried out */
#define FB_ACK_UNKNOWN 1u                    /* no such command */
#define FB_ACK_BAD_ARGUMENT 2u               /* the arguments do not fit */
#define FB_ACK_BUSY 3u                       /* not now; send it again under another id */
#define FB_ACK_FAILED 4u                     /* tried in vain */

/* Commands. */
#define FB_CMD_PING 0u                       /* does nothing; every device answers ok */
#define FB_CMD_APPLICATION 128u              /* 128 to 255 belong to the firmware, 1 to 127 to later revisions */

/* Stats keys. */
#define FB_STAT_RING_DROPS 0u                /* frames that found no room in the device's ring, since boot */
#define FB_STAT_SAMPLES_DROPPED 1u           /* samples in those frames */
#define FB_STAT_RECEIVE_ERRORS 2u            /* runs of bytes from the host that were no frame, or came too soon */
#define FB_STAT_SENSOR_ERRORS 3u             /* samples not taken: overruns, bus errors */
#define FB_STAT_STACK_FREE_MIN 4u            /* bytes of stack never used */
#define FB_STAT_SUPPLY_MV 5u                 /* supply voltage in mV */
#define FB_STAT_DIE_TEMPERATURE_CC 6u        /* temperature of the chip in 0.01 °C */
#define FB_STAT_APPLICATION 64u              /* 64 and up belong to the firmware */

#endif
