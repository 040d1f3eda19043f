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
      const program = await start('lambda', { KAFKA_BROKERS: gateway.address });
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
});
