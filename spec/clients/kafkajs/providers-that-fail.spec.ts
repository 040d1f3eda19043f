// kafkajs connects anew inside a send whose connection has broken, and asks the application's functions again.
import type { KafkaConfig } from 'kafkajs';
import { expect, it } from 'vitest';
import { classifyError } from '../../../lib/clients/send-result.ts';
import { fromWire, toWire } from '../../../lib/clients/worker/messages/wire-error.ts';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { batchOf, outcomeOf, resultOf } from '../contract/rig.ts';
import { connected, sourceTo } from './rig.ts';

type Provide = () => unknown;
type Configure = (provide: Provide, brokers: string[]) => Partial<KafkaConfig>;

/** As SASL/PLAIN has it: three texts with NUL between, behind their length. */
const PLAIN = Buffer.from('\0\0\0\x0a\0me\0secret', 'latin1');

const withToken: Configure = (provide) => ({
  sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => provide() as { value: string } },
});

/** @param whenMade otherwise when it logs in */
const withLogin =
  (whenMade: boolean): Configure =>
  (provide) => ({
    sasl: {
      mechanism: 'plain',
      authenticationProvider: ({ saslAuthenticate }) => {
        if (whenMade) provide();
        return {
          authenticate: async () => {
            provide();
            await saslAuthenticate({ request: { encode: () => PLAIN } });
          },
        };
      },
    },
  });

const withBrokers: Configure = (provide, brokers) => ({
  brokers: async () => {
    provide();
    return brokers;
  },
  sasl: { mechanism: 'plain', username: 'me', password: 'secret' },
});

const SECRET = 'to-ken-1';
const throws = (error: unknown) => (): never => {
  throw error;
};
const TOKEN = 'kafka.sasl.oauthBearerProvider failed';
const LOGIN = 'kafka.sasl.authenticationProvider failed';

it.each<[string, string, Configure, Provide]>([
  ['a token that cannot be had', `${TOKEN}: 503`, withToken, throws(new Error('503'))],
  [
    'a provider of tokens with a defect',
    `${TOKEN}: x is undefined`,
    withToken,
    throws(new TypeError('x is undefined')),
  ],
  ['a provider of tokens that throws nothing', `${TOKEN}: undefined`, withToken, throws(undefined)],
  [
    'a provider of tokens that returns nothing',
    `${TOKEN}: what it returned is undefined, and not { value }`,
    withToken,
    () => undefined,
  ],
  [
    'a provider that returns the token itself',
    `${TOKEN}: what it returned is of type string, and not { value }`,
    withToken,
    () => 'to-ken-2',
  ],
  [
    "an error that looks like the broker's refusal of the topic",
    `${TOKEN}: forbidden`,
    withToken,
    throws(Object.assign(new Error('forbidden'), { code: 29 })),
  ],
  [
    "an error that looks like the broker's word for a batch that it has",
    `${TOKEN}: seen`,
    withToken,
    throws(Object.assign(new Error('seen'), { code: 46 })),
  ],
  [
    'an error that shows the last token',
    `${TOKEN}: *** has expired`,
    withToken,
    throws(new Error(`${SECRET} has expired`)),
  ],
  [
    "a log-in that fails with another client's error",
    `${LOGIN}: forbidden`,
    withLogin(false),
    throws(Object.assign(new Error('forbidden'), { name: 'KafkaJSProtocolError', code: 29 })),
  ],
  ['a log-in that fails', `${LOGIN}: 503`, withLogin(false), throws(new Error('503'))],
  ['a log-in that cannot begin', `${LOGIN}: no`, withLogin(true), throws(new TypeError('no'))],
  [
    'a function for the brokers that throws nothing',
    'Failed to connect: "config.brokers" threw: kafka.brokers failed: undefined',
    withBrokers,
    throws(undefined),
  ],
])('%s was taken for the fault of a record', async (_, message, configure, fail) => {
  const cluster = await startCluster({ sasl: () => true });
  const { addresses } = cluster;
  let isAway = false;
  const provide = (): unknown => (isAway ? fail() : { value: SECRET });
  const client = await connected(sourceTo({ brokers: addresses, ...configure(provide, addresses) }));
  const batch = batchOf(TOPIC, ['record']);
  cluster.inject({ api: 'Produce', action: { cut: 'before-store' } });
  isAway = true;
  const { error } = (await outcomeOf(client.send(batch))) as { error: Error };
  expect(error.message).toBe(message);
  expect(classifyError(error)).toEqual({ kind: 'retry', cause: error, client: 'fine' });
  // As it arrives from a worker thread.
  expect(classifyError(fromWire(structuredClone(toWire(error))))).toMatchObject({
    kind: 'retry',
    client: 'fine',
  });
  isAway = false;
  expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
});
