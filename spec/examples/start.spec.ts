import { describe, expect, it } from 'vitest';
import { runExample, SUCCESS } from './example.ts';
import { logged, ordersIn, startBroker, TOPIC, upTo } from './topic.ts';

describe('a first program', () => {
  it.each(['esm', 'commonjs', 'typescript'])('delivers all and ends by itself: %s', async (example) => {
    const cluster = await startBroker();
    const program = await runExample(example, { KAFKA_BROKERS: cluster.addresses[0] });
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(ordersIn(cluster)).toEqual(upTo(10));
    expect(logged(cluster)[0]).toMatchObject({
      level: 'info',
      message: 'order placed',
      timestamp: expect.any(String),
    });
    // The console has the same lines.
    const lines = program.stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(lines).toEqual(cluster.values(TOPIC));
    expect(program.stderr).toBe('');
  });

  it('has keys, headers and a report, in TypeScript', async () => {
    const cluster = await startBroker();
    const program = await runExample('typescript', { KAFKA_BROKERS: cluster.addresses[0] });
    expect(program.stdout).toContain('delivered 10, dropped 0, pending 0');
    const seen = cluster.records(TOPIC).map(({ key, headers }) => [String(key), String(headers.level)]);
    expect(seen).toEqual(upTo(10).map(() => ['ada', 'info']));
  });

  it.each(['esm', 'commonjs'])(
    'ends without a broker too, and says what Kafka has not got: %s',
    async (example) => {
      const cluster = await startBroker();
      await cluster.down();
      const program = await runExample(example, { KAFKA_BROKERS: cluster.addresses[0] });
      expect(await program.exit, program.output).toEqual(SUCCESS);
      expect(program.stdout.match(/order placed/g)).toHaveLength(10);
      expect(program.stderr).toMatch(/before Kafka has got 10 records/);
    },
  );
});
