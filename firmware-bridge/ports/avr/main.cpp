/* What the Arduino core does around a sketch, for a build with nothing but avr-gcc. */
void setup();
void loop();

int main()
{
    setup();
    for (;;) loop();
}
