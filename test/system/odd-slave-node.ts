import { openTerminal } from '../../src/link/terminal.ts';
import { type Conduct, OddSlave } from '../support/odd-slave.ts';

/** A slave in a process of its own: `odd-slave-node.ts PATH {"units":[1],"every":7,"conduct":{"lateMs":8}}`. */
const [path = '', json = '{}'] = process.argv.slice(2);
const { units, every, conduct } = JSON.parse(json) as {
  readonly units: readonly number[];
  /** Every so many requests are answered by `conduct`; the others rightly. */
  readonly every: number;
  readonly conduct: Conduct;
};
const port = openTerminal(path).on('error', () => process.exit(0));
const slave = new OddSlave({
  units,
  conduct: (count) => (count % every === 0 ? conduct : 'right'),
  send: (bytes) => void port.write(bytes),
});
port.on('data', (bytes) => slave.hear(bytes));
process.stdout.write('ready\n');
