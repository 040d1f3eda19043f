import { describe, expect, it } from 'vitest';
import { runExample, SUCCESS } from './example.ts';
import { ordersIn, startBroker } from './topic.ts';

const RUNNERS: readonly (readonly [example: string, passed: RegExp])[] = [
  ['test-jest', /Tests:\s+2 passed, 2 total/],
  ['test-vitest', /Tests\s+2 passed \(2\)/],
  ['test-node', /[#ℹ] pass 2\n[\s\S]*[#ℹ] fail 0\n/],
];

describe('the tests of an application', () => {
  it.each(RUNNERS)('log to a broker that is given: %s', async (example, passed) => {
    const cluster = await startBroker();
    const program = await runExample(example, { KAFKA_BROKERS: cluster.addresses[0] });
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(program.output).toMatch(passed);
    expect(program.output).not.toMatch(/did not exit|open handle/);
    expect(ordersIn(cluster)).toEqual([1, 2]);
  });

  // With a transport that is not silent, the record would be left over: nothing is to be reached.
  it.each(RUNNERS)('log nothing to Kafka without one: %s', async (example, passed) => {
    const program = await runExample(example, {});
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(program.output).toMatch(passed);
    expect(program.output).not.toMatch(/winston-kafkajs:/);
  });
});
