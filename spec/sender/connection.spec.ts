import { describe, expect, it } from 'vitest';
import type { DeliveryClient } from '../../lib/clients/client.ts';
import { Connection } from '../../lib/sender/connection.ts';
import { deferred, HeldClock } from './rig.ts';

const BROKEN = new Error('broken');

interface RigOptions {
  readonly isOwned?: boolean;
  readonly renews?: boolean;
}

/** A connection, and clients that connect and close as the spec says. */
class Rig {
  readonly clock = new HeldClock();
  readonly events: string[] = [];
  readonly failures: [unknown, number][] = [];
  readonly connection: Connection;
  hasWork = true;
  make: () => void = () => undefined;
  connect: () => Promise<void> = async () => undefined;
  close: () => Promise<void> = async () => undefined;
  renew: () => Promise<void> = async () => undefined;
  #made = 0;

  constructor({ isOwned = true, renews = false }: RigOptions = {}) {
    this.connection = new Connection({
      source: {
        keepsSendTogether: true,
        resendsWhole: false,
        isOwned,
        brokerCount: 1,
        make: () => {
          this.make();
          return this.#client(++this.#made, renews);
        },
      },
      clock: this.clock,
      random: () => 0.5,
      retry: { initialMs: 100, maxMs: 1_000 },
      requestTimeoutMs: 10_000,
      idleTimeoutMs: 2_000,
      hasWork: () => this.hasWork,
      onOpen: () => this.events.push('open'),
      onFailure: (error, failures) => this.failures.push([error, failures]),
      onRenewed: () => this.events.push('renewed'),
      onClosed: () => this.events.push('closed'),
    });
  }

  #client(id: number, renews: boolean): DeliveryClient {
    return {
      connect: () => this.connect(),
      send: async () => undefined,
      close: () => {
        this.events.push(`close ${id}`);
        return this.close();
      },
      ...(renews && {
        renew: () => {
          this.events.push(`renew ${id}`);
          return this.renew();
        },
      }),
      kill: () => this.events.push(`kill ${id}`),
    };
  }

  async open(): Promise<DeliveryClient> {
    this.connection.open();
    await this.clock.settle();
    this.events.splice(0);
    const { client } = this.connection;
    if (client === undefined) throw new Error('it is not open');
    return client;
  }
}

describe('a connection', () => {
  it('is opened once, and has a client as soon as that is connected', async () => {
    const rig = new Rig();
    const connected = deferred<void>();
    rig.connect = () => connected.promise;
    rig.connection.open();
    rig.connection.open();
    await rig.clock.settle();
    expect([rig.connection.client, rig.connection.openableAt, rig.connection.opened]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    connected.resolve();
    await rig.clock.settle();
    rig.connection.open();
    expect(rig.connection.client).toBeDefined();
    expect(rig.events).toEqual(['open']);
    expect(rig.connection.opened).toBe(1);
  });

  it.each<[string, (rig: Rig) => void]>([
    ['the client cannot connect', (rig) => Object.assign(rig, { connect: () => Promise.reject(BROKEN) })],
    [
      'the client throws where it should return a promise',
      (rig) =>
        Object.assign(rig, {
          connect: () => {
            throw BROKEN;
          },
        }),
    ],
    [
      'no client can be made',
      (rig) =>
        Object.assign(rig, {
          make: () => {
            throw BROKEN;
          },
        }),
    ],
  ])('waits longer after each failure where %s', async (_name, spoil) => {
    const rig = new Rig();
    spoil(rig);
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      const { now } = rig.clock;
      rig.connection.open();
      await rig.clock.settle();
      waits.push((rig.connection.openableAt ?? 0) - now);
      rig.connection.open();
      await rig.clock.pass(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([50, 100, 200, 400, 500, 500]);
    expect(rig.failures).toEqual([1, 2, 3, 4, 5, 6].map((failures) => [BROKEN, failures]));
  });

  it('counts failures anew after a success, and waits for nothing where somebody flushes', async () => {
    const rig = new Rig();
    rig.connect = () => Promise.reject(BROKEN);
    rig.connection.open();
    await rig.clock.settle();
    rig.connection.retryNow();
    expect(rig.connection.openableAt).toBe(0);
    rig.connection.recordSuccess();
    rig.connection.open();
    await rig.clock.settle();
    expect(rig.failures.map(([, failures]) => failures)).toEqual([1, 1]);
  });

  it('gives a client up that does not connect in time, and kills it when it connects after all', async () => {
    const rig = new Rig();
    const connected = deferred<void>();
    rig.connect = () => connected.promise;
    rig.connection.open();
    await rig.clock.pass(9_999);
    expect(rig.failures).toEqual([]);
    await rig.clock.pass(1);
    expect(rig.failures).toEqual([
      [expect.objectContaining({ message: expect.stringContaining('10000 ms') }), 1],
    ]);
    rig.events.splice(0);
    connected.resolve();
    await rig.clock.settle();
    expect(rig.events).toEqual(['close 1', 'kill 1']);
    expect(rig.connection.client).toBeUndefined();
  });
});

describe('a client that is replaced', () => {
  it('is closed and killed before the next can be opened', async () => {
    const rig = new Rig();
    await rig.open();
    const closed = deferred<void>();
    rig.close = () => closed.promise;
    const replaced = rig.connection.replace();
    rig.connection.open();
    expect([rig.connection.client, rig.connection.openableAt]).toEqual([undefined, undefined]);
    expect(rig.connection.replace()).toBe(replaced);
    closed.resolve();
    await replaced;
    expect(rig.events).toEqual(['close 1', 'kill 1', 'closed']);
    expect(rig.connection.openableAt).toBe(0);
  });

  it('is cut off after a second', async () => {
    const rig = new Rig();
    await rig.open();
    rig.close = () => new Promise(() => undefined);
    void rig.connection.replace();
    await rig.clock.pass(999);
    expect(rig.events).toEqual(['close 1']);
    await rig.clock.pass(1);
    expect(rig.events).toEqual(['close 1', 'kill 1', 'closed']);
  });

  it('may retire first: it goes when what is under way has landed', async () => {
    const rig = new Rig();
    const client = await rig.open();
    rig.connection.retire(client, 'replace');
    expect(rig.connection.isRetiring).toBe(true);
    expect(rig.connection.client).toBe(client);
    rig.connection.finishRetiring();
    await rig.clock.settle();
    expect(rig.events).toEqual(['close 1', 'kill 1', 'closed']);
    expect(rig.connection.isRetiring).toBe(false);
  });

  it('is the one that failed, and not the one that has taken its place', async () => {
    const rig = new Rig();
    const first = await rig.open();
    await rig.connection.replace();
    const second = await rig.open();
    rig.connection.repairIfCurrent(first);
    rig.connection.retire(first, 'replace');
    expect(rig.connection.client).toBe(second);
    expect(rig.connection.isRetiring).toBe(false);
    rig.connection.repairIfCurrent(second);
    expect(rig.connection.client).toBeUndefined();
  });
});

describe('a client that can be renewed', () => {
  it('is kept, with fresh connections', async () => {
    const rig = new Rig({ renews: true });
    const client = await rig.open();
    rig.connection.repairIfCurrent(client);
    expect(rig.connection.client).toBeUndefined();
    await rig.clock.settle();
    expect(rig.connection.client).toBe(client);
    expect(rig.events).toEqual(['renew 1', 'renewed']);
    expect(rig.connection.opened).toBe(1);
  });

  it('is replaced where it retires for good, although it was to be repaired before', async () => {
    const rig = new Rig({ renews: true });
    const client = await rig.open();
    rig.connection.retire(client, 'repair');
    rig.connection.retire(client, 'replace');
    rig.connection.retire(client, 'repair');
    rig.connection.finishRetiring();
    await rig.clock.settle();
    expect(rig.events).toEqual(['close 1', 'kill 1', 'closed']);
  });

  it.each([
    ['does not end within a second', () => new Promise<void>(() => undefined)],
    ['fails', () => Promise.reject(BROKEN)],
  ])('is replaced where that %s', async (_name, renew) => {
    const rig = new Rig({ renews: true });
    rig.renew = renew;
    rig.connection.repairIfCurrent(await rig.open());
    await rig.clock.pass(1_000);
    expect(rig.events).toEqual(['renew 1', 'close 1', 'kill 1', 'closed']);
  });

  it('is replaced after eight renewals without a success', async () => {
    const rig = new Rig({ renews: true });
    const client = await rig.open();
    const repair = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        rig.connection.repairIfCurrent(client);
        await rig.clock.settle();
      }
    };
    await repair(7);
    rig.connection.recordSuccess();
    await repair(8);
    expect(rig.connection.client).toBe(client);
    await repair(1);
    expect(rig.connection.client).toBeUndefined();
    expect(rig.events.slice(-3)).toEqual(['close 1', 'kill 1', 'closed']);
  });
});

describe('a client without work', () => {
  it('is closed after the idle time', async () => {
    const rig = new Rig();
    await rig.open();
    rig.hasWork = false;
    rig.connection.updateIdleTimer();
    await rig.clock.pass(1_999);
    expect(rig.events).toEqual([]);
    await rig.clock.pass(1);
    expect(rig.events).toEqual(['close 1', 'kill 1', 'closed']);
  });

  it('is kept where work comes in time', async () => {
    const rig = new Rig();
    await rig.open();
    rig.hasWork = false;
    rig.connection.updateIdleTimer();
    await rig.clock.pass(1_000);
    rig.connection.updateIdleTimer();
    await rig.clock.pass(1_999);
    rig.hasWork = true;
    await rig.clock.pass(10_000);
    expect(rig.events).toEqual([]);
  });

  it.each<[number, string, string[]]>([
    [4_999, 'is kept for work that has come meanwhile', []],
    [5_000, 'is closed, whatever has come: the process was frozen', ['close 1', 'kill 1', 'closed']],
  ])('where the end of the idle time comes %i ms late, %s', async (late, _what, events) => {
    const rig = new Rig();
    await rig.open();
    rig.hasWork = false;
    rig.connection.updateIdleTimer();
    rig.hasWork = true;
    // No timer has fired meanwhile.
    rig.clock.now += 2_000 + late;
    await rig.clock.pass(0);
    expect(rig.events).toEqual(events);
  });

  it('is left alone where it is of the caller', async () => {
    const rig = new Rig({ isOwned: false });
    await rig.open();
    rig.hasWork = false;
    rig.connection.updateIdleTimer();
    await rig.clock.pass(10_000);
    expect(rig.events).toEqual([]);
    expect(rig.clock.armed).toBe(0);
  });
});
