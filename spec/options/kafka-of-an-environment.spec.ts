// `ssl: process.env.KAFKA_SSL` with 'false' in it meant TLS, and a `sasl` without its mechanism a TypeError of kafkajs's with each connect.
import { expect, it } from 'vitest';
import { ENOUGH, expectTaken, refused } from './refused.ts';

const withKafka = (given: object): object => ({ ...ENOUGH, kafka: { ...ENOUGH.kafka, ...given } });

it.each(['true', 'false'])('ssl: %j is refused: a text counts as TLS, whatever it says', (ssl) => {
  expect(refused(withKafka({ ssl })).message).toContain(
    `option "kafka.ssl" must be true, false or an object of TLS options (compare a string: value === 'true')`,
  );
});

it.each([{}, { mechanism: undefined, username: 'u', password: 'p' }, 'plain'])(
  'sasl: %j is refused',
  (sasl) => {
    expect(refused(withKafka({ sasl }))).toMatchObject({
      option: 'kafka.sasl.mechanism',
      message: expect.stringContaining("must be a text, such as 'plain'"),
    });
  },
);

// kafkajs said it with each connect ("The string argument must be of type string", "'timeout' is not a number"), or not at all: NaN is 1 ms.
it.each([
  { clientId: 5 },
  { clientId: {} },
  { connectionTimeout: Number.NaN },
  { connectionTimeout: '1000' },
  { authenticationTimeout: '5000' },
  { authenticationTimeout: 0 },
  { requestTimeout: 0 },
  { requestTimeout: -1 },
  { requestTimeout: 1e12 },
])('%j is refused, by its name', (given) => {
  expect(refused(withKafka(given)).option).toBe(`kafka.${Object.keys(given)[0]}`);
});

it.each([
  { clientId: null, connectionTimeout: undefined },
  { clientId: '', connectionTimeout: 1, authenticationTimeout: 1, requestTimeout: 1 },
  { ssl: true },
  { ssl: {}, sasl: { mechanism: 'plain' } },
  { ssl: false },
  { ssl: undefined, sasl: undefined },
  { ssl: null, sasl: null },
  { ssl: '' },
])('%j is taken', (given) => expectTaken(withKafka(given)));
