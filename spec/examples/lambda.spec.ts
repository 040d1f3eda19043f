import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Program, SUCCESS, start } from './example.ts';
import { Gateway } from './gateway.ts';
import { ordersIn, upTo } from './topic.ts';

async function invoke(program: Program, order: number): Promise<void> {
  program.write(`${JSON.stringify({ order })}\n`);
  const [[answer = ''] = []] = await program.printed(new RegExp(`.*"order":${order}}`, 'g'));
  expect(JSON.parse(answer)).toEqual({ statusCode: 201, order });
}

describe('a function that is frozen between invocations', () => {
  it.each(['close', 'forget'] as const)(
    'has delivered before each answer, and goes on when its connections have died: %s',
    async (death) => {
      const gateway = await Gateway.start();
      const program = await start('lambda', { KAFKA_BROKERS: gateway.address, FLUSH_MS: '60000' });
      for (const order of upTo(9)) {
        await invoke(program, order);
        // It may never be thawed again: what was logged is delivered by now.
        program.kill('SIGSTOP');
        expect(ordersIn(gateway.cluster)).toEqual(upTo(order));
        if (order % 3 === 0) gateway[death]();
        program.kill('SIGCONT');
      }
      program.end();
      expect(await program.exit, program.output).toEqual(SUCCESS);
      expect(ordersIn(gateway.cluster)).toEqual(upTo(9));
    },
  );

  it('opens a new connection by itself after a freeze of more than two seconds', async () => {
    const gateway = await Gateway.start();
    const program = await start('lambda', { KAFKA_BROKERS: gateway.address });
    await invoke(program, 1);
    program.kill('SIGSTOP');
    gateway.forget();
    // This is the freeze itself.
    await delay(2_500);
    program.kill('SIGCONT');
    await invoke(program, 2);
    program.end();
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(ordersIn(gateway.cluster)).toEqual(upTo(2));
    // The dead connection was not tried.
    expect(program.stderr).toBe('');
  });

  it('answers in an outage too, and delivers with the first invocation after it', async () => {
    const { cluster, address } = await Gateway.start();
    const program = await start('lambda', { KAFKA_BROKERS: address, FLUSH_MS: '1000' });
    await invoke(program, 1);
    await cluster.down();
    await invoke(program, 2);
    await invoke(program, 3);
    expect(ordersIn(cluster)).toEqual([1]);
    await cluster.up();
    await invoke(program, 4);
    expect(ordersIn(cluster)).toEqual(upTo(4));
    program.end();
    expect(await program.exit, program.output).toEqual(SUCCESS);
  });
});
