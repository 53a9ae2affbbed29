/*
 * Reads bytes from standard input; prints each frame that the receiver accepts as a line of hexadecimal, and at the end a line
 * "errors N". For comparing another implementation with this one on any bytes.
 */
#include <fieldnote_bridge.h>
#include <stdio.h>

int main(void)
{
    uint8_t buffer[FB_FRAME_SIZE_MAX];
    fb_receiver receiver;
    int byte;
    fb_receiver_init(&receiver, buffer, sizeof buffer);
    while ((byte = getchar()) != EOF) {
        if (!fb_receiver_take(&receiver, (uint8_t)byte)) continue;
        if (fb_receiver_is_valid(&receiver)) {
            for (uint8_t i = 0; i < receiver.size; i++) printf("%02x", buffer[i]);
            putchar('\n');
        } else {
            receiver.errors++;
        }
        fb_receiver_release(&receiver);
    }
    printf("errors %u\n", (unsigned)receiver.errors);
    return 0;
}
