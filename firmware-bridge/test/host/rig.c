#include "rig.h"

#include "check.h"

unsigned checks_done;
unsigned tests_done;

static const uint8_t UID[] = {0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB};

static uint8_t descriptor[700];

static void kick(void *user)
{
    rig *self = (rig *)user;
    CHECK_EQUAL(self->critical_depth, 1);
    self->kicks++;
}

static uint32_t ticks(void *user)
{
    return ((rig *)user)->now;
}

static unsigned enter_critical(void *user)
{
    CHECK_EQUAL(((rig *)user)->critical_depth++, 0);
    return 42;
}

static void exit_critical(void *user, unsigned state)
{
    CHECK_EQUAL(state, 42);
    CHECK_EQUAL(--((rig *)user)->critical_depth, 0);
}

static uint8_t carry_out(void *user, uint8_t code, const uint8_t *arguments, uint8_t size)
{
    rig *self = (rig *)user;
    self->commands++;
    self->command_code = code;
    self->command_size = size;
    memcpy(self->command_arguments, arguments, size);
    return self->command_status;
}

void rig_configure(rig *self, uint16_t ring_size)
{
    static const fb_port port = {kick, ticks, enter_critical, exit_critical};
    memset(self, 0, sizeof *self);
    for (size_t i = 0; i < sizeof descriptor; i++) descriptor[i] = (uint8_t)(i * 7u);
    self->config.port = port;
    self->config.user = self;
    self->config.ring = self->ring;
    self->config.ring_size = ring_size;
    self->config.receive_buffer = self->received;
    self->config.receive_size = 32;
    self->config.tick_hz = RIG_TICK_HZ;
    self->config.boot_id = 0x12345678;
    self->config.reset_cause = FB_RESET_POWER_ON;
    self->config.uid = UID;
    self->config.uid_size = sizeof UID;
    self->config.firmware = "bench 1.0.0";
    self->config.descriptor = descriptor;
    self->config.descriptor_size = sizeof descriptor;
    self->config.descriptor_crc32c = fb_crc32c(descriptor, sizeof descriptor);
    self->config.command = carry_out;
}

fb_result rig_restart(rig *self)
{
    self->wire_size = self->wire_read = 0;
    return fb_start(&self->device, &self->config);
}

void rig_start(rig *self, uint16_t ring_size)
{
    rig_configure(self, ring_size);
    CHECK_EQUAL(rig_restart(self), FB_OK);
}

void rig_drain_bytes(rig *self, size_t count)
{
    while (count-- > 0 && fb_take(&self->device, &self->wire[self->wire_size])) {
        self->wire_size++;
        CHECK(self->wire_size < RIG_WIRE_MAX);
    }
}

void rig_drain(rig *self)
{
    rig_drain_bytes(self, RIG_WIRE_MAX);
}

bool rig_read(rig *self, rig_frame *frame)
{
    uint8_t buffer[FB_FRAME_SIZE_MAX];
    fb_receiver receiver;
    fb_receiver_init(&receiver, buffer, sizeof buffer);
    while (self->wire_read < self->wire_size) {
        bool is_end = fb_receiver_take(&receiver, self->wire[self->wire_read++]);
        CHECK_EQUAL(receiver.errors, 0);
        if (!is_end) continue;
        CHECK(fb_receiver_is_valid(&receiver));
        frame->type = buffer[0] & 0x3Fu;
        frame->stream = buffer[1];
        frame->sequence = buffer[2];
        frame->size = (uint8_t)(receiver.size - FB_FRAME_SIZE_MIN);
        memcpy(frame->body, buffer + 3, frame->size);
        return true;
    }
    return false;
}

bool rig_find(rig *self, uint8_t type, rig_frame *frame)
{
    rig_drain(self);
    while (rig_read(self, frame)) {
        if (frame->type == type) return true;
    }
    return false;
}

void rig_forget(rig *self)
{
    rig_drain(self);
    self->wire_size = self->wire_read = 0;
}

void rig_host_sends_bytes(rig *self, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) fb_receive(&self->device, bytes[i]);
}

/* COBS and CRC once more, so that the library's own encoder is not its own judge. */
void rig_host_sends(rig *self, uint8_t type, const void *body, uint8_t size)
{
    uint8_t frame[FB_FRAME_SIZE_MAX] = {(uint8_t)(FB_VERSION << 6 | type), 0, 0};
    uint8_t wire[FB_FRAME_SIZE_MAX + 2];
    size_t length = 3u + size, code_at = 0, at = 1;
    uint16_t crc;
    memcpy(frame + 3, body, size);
    crc = (uint16_t)(fb_crc16(0xFFFF, frame, length) ^ 0xFFFFu);
    frame[length++] = (uint8_t)crc;
    frame[length++] = (uint8_t)(crc >> 8);
    for (size_t i = 0; i < length; i++) {
        if (frame[i] != 0) {
            wire[at++] = frame[i];
            continue;
        }
        wire[code_at] = (uint8_t)(at - code_at);
        code_at = at++;
    }
    wire[code_at] = (uint8_t)(at - code_at);
    wire[at++] = 0;
    rig_host_sends_bytes(self, wire, at);
}

void rig_pass(rig *self, uint32_t milliseconds)
{
    for (uint32_t passed = 0; passed < milliseconds; passed += 10) {
        self->now += RIG_TICK_HZ / 100u;
        fb_poll(&self->device);
        rig_drain(self);
    }
}

uint16_t rig_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t rig_u32(const uint8_t *bytes)
{
    return rig_u16(bytes) | (uint32_t)rig_u16(bytes + 2) << 16;
}
