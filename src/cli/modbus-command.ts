import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  $ fieldnote modbus scan --port /dev/ttyUSB0 --baud 9600 --parity even
  $ fieldnote modbus read --port /dev/ttyUSB0 --baud 9600 --unit 1 --profile eastron-sdm
  $ fieldnote modbus read --tcp 192.0.2.7 --unit 1 --register 0 --count 10
  $ fieldnote modbus watch --source meter --config fieldnote.yaml

The daemon has the port while it runs: stop it first, or use a TCP gateway that takes two masters.`;

/** `fieldnote modbus`: what a person needs who puts a Modbus device into service. */
export function addModbus(fieldnote: Command, configDefault: string): void {
  const modbus = fieldnote
    .command('modbus')
    .description('put Modbus devices into service: find them, read them')
    .addHelpText('after', EXAMPLES);
  const command = (name: string, description: string) =>
    modbus
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration', configDefault)
      .option('--source <key>', 'line, unit and profile of this source of the configuration')
      .option('--port <device>', 'serial port')
      .option('--tcp <host:port>', 'Modbus TCP server or device server; port 502 when absent')
      .option('--baud <rate>', 'bits per second', '9600')
      .option('--parity <parity>', 'none, even or odd', 'none')
      .option('--stop-bits <count>', '1 or 2', '1')
      .option('--framing <framing>', 'rtu or tcp; by the line when absent')
      .option('--timeout <duration>', 'how long a device may take to begin its answer', '300ms');

  command('scan', 'ask which units answer, and for their names; changes nothing')
    .option('--units <range>', 'such as 1-20 or 7', '1-247')
    .option('--json', 'print what was found as JSON')
    .action(async (options) => (await import('./modbus-scan.ts')).modbusScan(options));
  const reading = (name: string, description: string) =>
    command(name, description)
      .option('--unit <number>', 'address of the device')
      .option('--profile <name>', 'register map: one that ships, or the path of your own')
      .option('--register <address>', 'instead of a profile: first register, from 0')
      .option('--count <number>', 'how many registers', '1')
      .option('--table <table>', 'holding, input, coil or discrete', 'holding')
      .option('--json', 'print one line of JSON for each round');
  reading('read', 'read a device once').action(async (options) =>
    (await import('./modbus-read.ts')).modbusRead(options),
  );
  reading('watch', 'read a device again and again, until stopped')
    .option('--every <duration>', 'from round to round', '1s')
    .action(async (options) => (await import('./modbus-read.ts')).modbusWatch(options));
  command('write', 'write one value that the configuration allows, and read it back')
    .argument('<channel>', 'name in the profile')
    .argument('<value>', 'in the unit of the channel')
    .action(async (name, value, options) =>
      (await import('./modbus-write.ts')).modbusWrite(name, value, options),
    );
}
