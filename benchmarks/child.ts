// One measurement, in a process of its own: `child.js SCENARIO VARIANT TOPIC BROKER…`. Prints the figures as JSON.
import { once } from 'node:events';
import { scenarios } from './scenarios/index.ts';

const [name, variant = '', topic = '', ...brokers] = process.argv.slice(2);
const scenario = scenarios.find((candidate) => candidate.name === name);
if (scenario === undefined) throw new TypeError(`No scenario is called ${name}.`);

const figures = await scenario.measure(variant, { brokers, topic, hold });
process.stdout.write(`${JSON.stringify(figures)}\n`);
if (scenario.endsByItself !== true) process.exit(0);

/** The broker is the parent's to hold. */
async function hold(isHeld: boolean): Promise<void> {
  process.send?.({ isHeld });
  await once(process, 'message');
}
