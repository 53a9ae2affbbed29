/* What happens before main() on a Cortex-M3: vectors, initial values of variables, zeros. */
#include <stdint.h>

extern uint32_t data_source, data_start, data_end, bss_start, bss_end, stack_top;

int main(void);
void systick_handler(void);
void reset_handler(void);

static void hang(void)
{
    for (;;) { }
}

void reset_handler(void)
{
    const uint32_t *from = &data_source;
    for (uint32_t *to = &data_start; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
    (void)main();
    hang();
}

typedef union vector {
    void (*handler)(void);
    const void *stack;
} vector;

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    {.stack = &stack_top},
    {.handler = reset_handler},
    {.handler = hang}, /* non-maskable interrupt */
    {.handler = hang}, /* hard fault */
    {.handler = hang}, /* memory management fault */
    {.handler = hang}, /* bus fault */
    {.handler = hang}, /* usage fault */
    [15] = {.handler = systick_handler},
};
