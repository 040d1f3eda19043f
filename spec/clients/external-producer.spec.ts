import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeliveryClient } from '../../lib/clients/client.ts';
import { externalProducerSource, type ProducerLike } from '../../lib/clients/external-producer.ts';
import { ProviderError } from '../../lib/clients/provider-error.ts';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import { systemClock } from '../../lib/time/clock.ts';
import { clientBatch, recordOf } from '../sender/rig.ts';

const BATCH = clientBatch('logs', [recordOf({ text: 'a', key: 'k' })], 2);
const RECORD = { topic: 'logs', messages: [{ value: 'a', key: 'k', timestamp: '0', partition: 2 }] };

/** A producer that notes what it is asked, and whether the flag is on when it is, and after an `await`. */
function noting(id: number, calls: unknown[][] = []): ProducerLike & { readonly calls: unknown[][] } {
  const note = async (name: string, ...args: unknown[]): Promise<string> => {
    const before = isGuarded();
    await null;
    calls.push([name, id, before && isGuarded(), ...args]);
    return `answer of ${name}`;
  };
  return {
    calls,
    connect: () => note('connect'),
    send: (record) => note('send', record),
    disconnect: () => note('disconnect'),
  };
}

const UNSAID = { acks: undefined, compression: undefined };

async function used(client: DeliveryClient): Promise<unknown> {
  await client.connect();
  const answer = await client.send(BATCH);
  await client.close();
  client.kill();
  return answer;
}

describe('a producer of the caller’s', () => {
  it('is used for ever, all it does under the flag, and never disconnected', async () => {
    const producer = noting(1);
    const source = externalProducerSource({ producer, ...UNSAID });
    expect(source).toMatchObject({
      isOwned: false,
      brokerCount: 1,
      keepsSendTogether: false,
      resendsWhole: false,
    });
    expect(await used(source.make())).toBe('answer of send');
    await used(source.make());
    const calls = [
      ['connect', 1, true],
      ['send', 1, true, RECORD],
    ];
    expect(producer.calls).toEqual([...calls, ...calls]);
    expect(isGuarded()).toBe(false);
  });

  it('is under the flag, too, where it begins its work only when it is awaited', async () => {
    const flags: boolean[] = [];
    const begun = (): Promise<unknown> => {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
      const lazy = { then: (resolve: (answer: unknown) => void) => resolve(flags.push(isGuarded())) };
      return lazy as unknown as Promise<unknown>;
    };
    const producer = { connect: begun, send: begun, disconnect: begun };
    expect(await used(externalProducerSource({ producer: () => producer, ...UNSAID }).make())).toBe(2);
    expect(flags).toEqual([true, true, true]);
  });

  it('gets objects of its own for each attempt', async () => {
    const producer = noting(1);
    const client = externalProducerSource({ producer, ...UNSAID }).make();
    await client.send(BATCH);
    await client.send(BATCH);
    const [first, second] = producer.calls.map(([, , , record]) => record as typeof RECORD);
    expect(first).toEqual(second);
    expect(first).not.toBe(second);
    expect(first?.messages[0]).not.toBe(second?.messages[0]);
  });

  it.each([
    [undefined, 3, 3],
    [undefined, undefined, undefined],
    [2, undefined, 2],
  ])(
    'binds a batch for partition %j, when its answer names %j, to %j',
    async (partition, answered, bound) => {
      const answer = [{ topicName: 'logs', partition: answered, errorCode: 0 }];
      const producer = { ...noting(1), send: async () => answer };
      const batch = clientBatch('logs', [recordOf()], partition);
      expect(
        await externalProducerSource({ producer, ...UNSAID })
          .make()
          .send(batch),
      ).toBe(answer);
      expect(batch.partition).toBe(bound);
    },
  );

  it.each([
    [{ acks: undefined, compression: undefined }, {}],
    [{ acks: 1, compression: undefined }, { acks: 1 }],
    [{ acks: undefined, compression: 0 }, { compression: 0 }],
    [
      { acks: -1, compression: 1 },
      { acks: -1, compression: 1 },
    ],
  ] as const)('is told nothing of acks and compression but what was asked: %j', async (asked, told) => {
    const producer = noting(1);
    await externalProducerSource({ producer, ...asked })
      .make()
      .send(BATCH);
    expect(producer.calls).toEqual([['send', 1, true, { ...RECORD, ...told }]]);
  });

  it.each(['connect', 'send'] as const)('that throws in %s has its error passed on', async (name) => {
    const error = new Error('no');
    const client = externalProducerSource({
      producer: { ...noting(1), [name]: () => Promise.reject(error) },
      ...UNSAID,
    }).make();
    await expect(name === 'send' ? client.send(BATCH) : client.connect()).rejects.toBe(error);
  });
});

describe('a function that makes producers', () => {
  it('is asked for each client, under the flag, and each is disconnected', async () => {
    const calls: unknown[][] = [];
    let made = 0;
    const guarded: boolean[] = [];
    const source = externalProducerSource({
      producer: () => {
        guarded.push(isGuarded());
        return noting(++made, calls);
      },
      acks: -1,
      compression: undefined,
    });
    expect(source).toMatchObject({
      isOwned: true,
      brokerCount: 1,
      keepsSendTogether: false,
      resendsWhole: false,
    });
    expect(made).toBe(0);
    await used(source.make());
    await used(source.make());
    expect(calls.map(([name, id, isFlagged]) => [name, id, isFlagged])).toEqual(
      [1, 2].flatMap((id) => ['connect', 'send', 'disconnect'].map((name) => [name, id, true])),
    );
    expect(calls[1]?.[3]).toEqual({ ...RECORD, acks: -1 });
    expect(guarded).toEqual([true, true]);
  });

  it('is under the flag until what it was asked has an answer, also where nobody waits for that', async () => {
    let answer = (): void => undefined;
    const sending = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let isOn = (): boolean => true;
    const producer: ProducerLike = {
      ...noting(1),
      connect: async () => {
        isOn = AsyncLocalStorage.bind(isGuarded);
      },
      send: () => sending,
    };
    const late: (() => void)[] = [];
    const after = vi.spyOn(systemClock, 'after').mockImplementation((_, fn) => late.push(fn) as never);
    onTestFinished(() => after.mockRestore());
    const client = externalProducerSource({ producer: () => producer, ...UNSAID }).make();
    await client.connect();
    const answered = client.send(BATCH);
    await client.close();
    client.kill();
    await null;
    // What a spec before this one has left behind may ask for a time, too.
    for (const fn of late.splice(0)) fn();
    expect(isOn()).toBe(true);
    answer();
    await answered;
    expect(isOn()).toBe(true);
    await vi.waitFor(() => {
      for (const fn of late.splice(0)) fn();
      expect(isOn()).toBe(false);
    });
  });

  it('and throws has its error passed on, as that of the function: no broker is the cause', () => {
    const cause = new Error('no settings');
    const producer = (): never => {
      throw cause;
    };
    const { make } = externalProducerSource({ producer, ...UNSAID });
    expect(make).toThrow(new ProviderError('producer', cause));
  });

  it('and is async has its promise looked after, and it is said that it is one', () => {
    const given = Promise.resolve();
    const then = vi.spyOn(given, 'then');
    const { make } = externalProducerSource({ producer: () => given as never, ...UNSAID });
    expect(make).toThrow(
      'the "producer" function must return an object with connect, send and disconnect; it returned a promise (await it first)',
    );
    expect(then.mock.calls).toEqual([[undefined, expect.any(Function)]]);
  });
});
