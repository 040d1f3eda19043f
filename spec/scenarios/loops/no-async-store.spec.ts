import { describe, expect, it } from 'vitest';
import { runChild } from '../../support/child-process.ts';

// A process of its own takes seconds to start on a busy machine.
const LIMIT = { timeout: 30_000 };

async function outputOf(name: string, env: Record<string, string>): Promise<unknown> {
  const { code, stdout, stderr } = await runChild(new URL(`fixtures/${name}.ts`, import.meta.url), { env });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe(
  'the asynchronous half of the flag, which makes every await of the application slower',
  LIMIT,
  () => {
    it.concurrent.each([
      ['just topic and kafka', 'plain'],
      ['functions, listeners and a fallback', 'callbacks'],
      ['trace context, as long as nobody traces', 'traceContext'],
      // kafkajs adds an `authenticationProvider` to the options it is given, which looked like one of the caller's.
      ['a user name and password', 'sasl'],
    ])('is never created for %s, through an outage and a change of client', async (_, mode) => {
      const output = await outputOf('async-store', { MODE: mode });
      expect(output).toEqual({ created: 0, hasPromiseHook: false, shipped: 3 });
    });

    it.concurrent('is one for the process where code of the caller runs inside the client', async () => {
      const output = await outputOf('async-store', { MODE: 'logCreator' });
      expect(output).toMatchObject({ created: 1, shipped: 3 });
    });
  },
);

describe("a request's asynchronous context", LIMIT, () => {
  it.concurrent.each([
    ['without', 'no'],
    ['with', 'yes'],
  ])(
    'is neither seen by listeners nor kept by records that wait, %s the asynchronous half',
    async (_, withStore) => {
      const output = await outputOf('request-context', { WITH_STORE: withStore });
      expect(output).toEqual({
        seen: { warn: ['null'], logged: ['null', 'null', 'null', 'null'] },
        held: 0,
        waiting: 4,
      });
    },
  );
});
