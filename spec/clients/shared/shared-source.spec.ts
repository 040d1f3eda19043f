// What transports have of a client that they share, with clients that do as they are told.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../../lib/accumulator/batch.ts';
import type { ClientListeners, ClientSource, DeliveryClient } from '../../../lib/clients/client.ts';
import { type SharedSettings, sharedSource } from '../../../lib/clients/shared/shared-source.ts';
import { clientBatch } from '../../sender/rig.ts';

/** A client whose connect and sends end when the spec says so. */
class ToldClient implements DeliveryClient {
  readonly sent: { batch: Batch; settle: (error?: Error) => void }[] = [];
  readonly calls: string[] = [];
  onConnect: ((error?: Error) => void) | undefined;

  connect(): Promise<void> {
    this.calls.push('connect');
    return new Promise((resolve, reject) => {
      this.onConnect = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  send(batch: Batch): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => (error === undefined ? resolve('answer') : reject(error));
      this.sent.push({ batch, settle });
    });
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }

  kill(): void {
    this.calls.push('kill');
  }
}

let kinds = 0;

/** Sources of one group, and all clients that were made for it. */
function group() {
  const kind = `spec ${kinds++}`;
  const clients: ToldClient[] = [];
  const told: ClientListeners[] = [];
  const settings = (overrides: Partial<SharedSettings> = {}): SharedSettings => ({
    kind,
    kafka: { brokers: ['a:1'] },
    log: [false, undefined, undefined],
    logLevel: 0,
    acks: -1,
    codec: [undefined, undefined],
    requestTimeoutMs: 1_000,
    fastPath: true,
    traceContext: false,
    ...overrides,
  });
  const join = (current: () => SharedSettings = settings) => {
    const heard = { onPartitions: vi.fn(), onPath: vi.fn(), onThrottle: vi.fn() };
    const source = sharedSource(current, heard, (listeners): ClientSource => {
      told.push(listeners);
      const make = (): DeliveryClient => {
        const client = new ToldClient();
        clients.push(client);
        return client;
      };
      return { make, keepsSendTogether: true, isOwned: true, resendsWhole: false, brokerCount: 3 };
    });
    return { source, heard };
  };
  return { clients, told, settings, join };
}

const batchOf = (partition?: number, topic = 'topic'): Batch => clientBatch(topic, [], partition);

async function connected({ make }: ClientSource, clients: ToldClient[]): Promise<DeliveryClient> {
  const client = make();
  const connecting = client.connect();
  clients.at(-1)?.onConnect?.();
  await connecting;
  return client;
}

const outcomeOf = (sending: Promise<unknown>): Promise<string> => sending.then(String, (error) => `${error}`);

describe('sources of the same settings', () => {
  it('share a client, which connects once and is closed by the last one', async () => {
    const { clients, join } = group();
    const [one, other] = [join().source, join().source];
    expect(one.brokerCount).toBe(3);
    const [first, second] = [one.make(), other.make()];
    const connecting = Promise.all([first.connect(), second.connect()]);
    expect(clients.length).toBe(1);
    clients[0]?.onConnect?.();
    await connecting;
    await first.close();
    first.kill();
    expect(clients[0]?.calls).toEqual(['connect']);
    await second.close();
    join().source.make();
    expect(clients.length).toBe(2);
    second.kill();
    second.kill();
    expect(clients[0]?.calls).toEqual(['connect', 'close', 'kill']);
  });

  it('hear what their client has to say, as long as they use it', async () => {
    const { clients, told, join } = group();
    const [one, other] = [join(), join()];
    const first = await connected(one.source, clients);
    expect(told.length).toBe(1);
    told[0]?.onPath('fast');
    await connected(other.source, clients);
    told[0]?.onPartitions('topic', 3, [0, 2]);
    told[0]?.onThrottle(5);
    first.kill();
    told[0]?.onThrottle(6);
    for (const { heard } of [one, other]) {
      expect(heard.onPath.mock.calls).toEqual([['fast']]);
      expect(heard.onPartitions.mock.calls).toEqual([['topic', 3, [0, 2]]]);
    }
    expect(one.heard.onThrottle.mock.calls).toEqual([[5]]);
    expect(other.heard.onThrottle.mock.calls).toEqual([[5], [6]]);
  });

  it('hear of a pause once: one that came back while it lasted counted it twice', async () => {
    const { clients, told, join } = group();
    const [one, late, stays, next] = [join(), join(), join(), join()];
    const first = await connected(one.source, clients);
    const last = await connected(stays.source, clients);
    told[0]?.onThrottle(60_000);
    first.kill();
    for (const { source } of [one, late, late]) (await connected(source, clients)).kill();
    expect(one.heard.onThrottle.mock.calls).toEqual([[60_000]]);
    expect(late.heard.onThrottle).toHaveBeenCalledTimes(1);
    // The pause was of its connections.
    last.kill();
    await connected(next.source, clients);
    expect([clients.length, next.heard.onThrottle.mock.calls]).toEqual([2, []]);
  });

  it('have another client when the settings have changed', async () => {
    const { clients, settings, join } = group();
    let kafka = settings().kafka;
    const { source } = join(() => settings({ kafka }));
    const first = await connected(source, clients);
    kafka = { brokers: ['b:1'] };
    await connected(source, clients);
    expect(clients.length).toBe(2);
    first.kill();
    expect(clients[1]?.calls).toEqual(['connect']);
  });

  it('have a client of their own where reading the settings throws', async () => {
    const { clients, settings, join } = group();
    const kafka = {
      brokers: ['a:1'],
      get sasl(): never {
        throw new Error('no secret yet');
      },
    };
    for (const { source } of [
      join(() => settings({ kafka })),
      join(() => settings({ kafka: { ...settings().kafka } })),
    ])
      await connected(source, clients);
    expect(clients.length).toBe(2);
  });
});

describe('a client that is shared', () => {
  it('is not given to anybody new after its connect has failed, and fails for all who wait for it', async () => {
    const { clients, join } = group();
    const [one, other] = [join().source.make(), join().source.make()];
    const outcomes = Promise.all([outcomeOf(one.connect()), outcomeOf(other.connect())]);
    clients[0]?.onConnect?.(new Error('refused'));
    expect(await outcomes).toEqual(['Error: refused', 'Error: refused']);
    one.kill();
    other.kill();
    expect(clients[0]?.calls).toEqual(['connect', 'kill']);
    join().source.make();
    expect(clients.length).toBe(2);
  });

  it('is not given to anybody new after somebody has given up its connect; those who wait for it go on', async () => {
    const { clients, join } = group();
    const [one, other] = [join().source, join().source];
    const [first, second] = [one.make(), other.make()];
    void first.connect();
    const outcome = outcomeOf(second.connect());
    first.kill();
    one.make();
    expect(clients.length).toBe(2);
    expect(clients[0]?.calls).toEqual(['connect']);
    clients[0]?.onConnect?.();
    expect(await outcome).toBe('undefined');
  });

  it('is not given to anybody new after a send has failed; those who use it keep it', async () => {
    const { clients, join } = group();
    const [one, other] = [join().source, join().source];
    const first = await connected(one, clients);
    const second = await connected(other, clients);
    const sending = outcomeOf(first.send(batchOf(0)));
    clients[0]?.sent[0]?.settle(new Error('reset'));
    expect(await sending).toBe('Error: reset');
    await first.close();
    first.kill();
    expect(clients[0]?.calls).toEqual(['connect']);
    await connected(one, clients);
    expect(clients.length).toBe(2);
    void second.send(batchOf(1));
    expect(clients[0]?.sent.length).toBe(2);
  });

  it('waits for what its user has under way when that one closes', async () => {
    const { clients, join } = group();
    const first = await connected(join().source, clients);
    await connected(join().source, clients);
    void first.send(batchOf(0));
    let isClosed = false;
    const closing = first.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    clients[0]?.sent[0]?.settle();
    await closing;
    first.kill();
    expect(clients[0]?.calls).toEqual(['connect']);
  });

  it('is cut off by a user that is given up with a send under way; that one has clients of its own until one answers', async () => {
    const { clients, join } = group();
    const [one, other] = [join().source, join().source];
    const first = await connected(one, clients);
    await connected(other, clients);
    void first.send(batchOf(0)).catch(() => undefined);
    await turn();
    first.kill();
    expect(clients[0]?.calls).toEqual(['connect', 'kill']);
    // Late: it belongs to what was given up.
    clients[0]?.sent[0]?.settle();
    await turn();
    const alone = await connected(one, clients);
    await connected(other, clients);
    expect(clients.length).toBe(3);
    const sending = alone.send(batchOf(0));
    clients[1]?.sent[0]?.settle();
    await sending;
    await alone.close();
    alone.kill();
    expect(clients[1]?.calls).toEqual(['connect', 'close', 'kill']);
    await (await one.make()).connect();
    expect(clients.length).toBe(3);
  });

  it('sends nothing any more for a user that has left, as if it were not connected', async () => {
    const { clients, join } = group();
    const first = await connected(join().source, clients);
    await connected(join().source, clients);
    first.kill();
    await first.close();
    expect(clients[0]?.calls).toEqual(['connect']);
    await expect(first.send(batchOf(0))).rejects.toThrow('not connected');
    expect(clients[0]?.sent).toEqual([]);
  });

  it('was cut by one whose own send had not begun, because it waited for that of another', async () => {
    const { clients, join } = group();
    const [one, other] = [join().source, join().source];
    const first = await connected(one, clients);
    const second = other.make();
    await second.connect();
    const [sent, waiting] = [outcomeOf(first.send(batchOf())), outcomeOf(second.send(batchOf()))];
    await second.close();
    second.kill();
    expect([clients[0]?.calls, clients[0]?.sent.length]).toEqual([['connect'], 1]);
    clients[0]?.sent[0]?.settle();
    expect(await sent).toBe('answer');
    expect(await waiting).toContain('NotSentError');
    expect(clients[0]?.sent.length).toBe(1);
  });

  it('has one send of a topic at a time that names no partition', async () => {
    const { clients, join } = group();
    const users = [
      await connected(join().source, clients),
      await connected(join().source, clients),
      await connected(join().source, clients),
    ] as const;
    const sent = (): (number | undefined | string)[] =>
      clients[0]?.sent.map(({ batch }) => batch.partition ?? batch.topic) ?? [];
    const outcomes = users.map((user) => outcomeOf(user.send(batchOf())));
    void users[1].send(batchOf(undefined, 'other topic'));
    void users[1].send(batchOf(7));
    await turn();
    expect(sent()).toEqual(['topic', 'other topic', 7]);
    clients[0]?.sent[0]?.settle(new Error('first'));
    await turn();
    expect(sent().length).toBe(4);
    clients[0]?.sent[3]?.settle();
    await turn();
    clients[0]?.sent[4]?.settle();
    expect(await Promise.all(outcomes)).toEqual(['Error: first', 'answer', 'answer']);
  });

  it('that is connected when nobody waits for it any more is closed', async () => {
    const { clients, join } = group();
    const user = join().source.make();
    const connecting = user.connect();
    user.kill();
    clients[0]?.onConnect?.();
    await connecting;
    expect(clients[0]?.calls).toEqual(['connect', 'kill', 'close', 'kill']);
  });
});
