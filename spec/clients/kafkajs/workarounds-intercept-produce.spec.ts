// What is looked at of a kafkajs before its `produce` is taken over: where one thing is not as expected, all of it stays.
import { describe, expect, it } from 'vitest';
import { interceptProduce, type KafkajsProduce } from '../../../lib/clients/kafkajs/workarounds.ts';

const CREATE_CLUSTER = Symbol('private:Kafka:createCluster');
const SEND_REQUEST = Symbol('private:Broker:sendRequest');
const REQUEST = { topicData: [] } as KafkajsProduce;

const notAsked = (): Promise<never> => Promise.reject(new Error('asked'));

class Broker {
  versions: unknown = { 0: { minVersion: 0, maxVersion: 7 } };
  isOpen = false;
  connectionPool: { isConnected?: () => boolean; send?: (request: unknown) => Promise<unknown> } = {
    isConnected: () => this.isOpen,
    send: async (request) => request,
  };

  isConnected(): boolean {
    return this.isOpen;
  }

  async connect(): Promise<unknown> {
    return this.versions;
  }

  readonly produced: unknown[] = [];

  async produce(request: unknown): Promise<string> {
    this.produced.push(request);
    return "kafkajs's";
  }

  async [SEND_REQUEST](request: unknown): Promise<unknown> {
    return request;
  }
}

const kafkaWith = (createBroker: unknown): { [CREATE_CLUSTER]: (options?: unknown) => Cluster } => ({
  [CREATE_CLUSTER]: () => ({ brokerPool: { createBroker } }),
});

interface Cluster {
  brokerPool: { createBroker: unknown };
}

/** A broker as the cluster makes it. */
function brokerOf(kafka: ReturnType<typeof kafkaWith>): Broker {
  const { createBroker } = kafka[CREATE_CLUSTER]().brokerPool;
  return (createBroker as () => Broker)();
}

describe('a kafkajs as expected', () => {
  it('asks, and sends what it is given', async () => {
    const kafka = kafkaWith(() => new Broker());
    const isInstalled = interceptProduce(kafka, (request, { versions, send }) =>
      send({ request, versions } as never),
    );
    expect(isInstalled()).toBe(false);
    const broker = brokerOf(kafka);
    expect(isInstalled()).toBe(true);
    expect(await (broker.produce as (request: unknown) => Promise<unknown>)(REQUEST)).toMatchObject({
      request: REQUEST,
      versions: broker.versions,
    });
  });

  it('produces itself where it is asked to, what it is given', async () => {
    const kafka = kafkaWith(() => new Broker());
    const other = { ...REQUEST, producerId: '7' };
    interceptProduce(kafka, (_request, { produce }) => produce(other));
    const broker = brokerOf(kafka);
    expect(await (broker.produce as (request: unknown) => Promise<unknown>)(REQUEST)).toBe("kafkajs's");
    expect(broker.produced).toEqual([other]);
  });

  it('asks a broker for its versions with each connection, and only then', async () => {
    const kafka = kafkaWith(() => new Broker());
    interceptProduce(kafka, notAsked);
    const broker = brokerOf(kafka);
    broker.isOpen = true;
    expect(await broker.connect()).toEqual({ 0: { minVersion: 0, maxVersion: 7 } });
    broker.isOpen = false;
    expect(await broker.connect()).toBe(null);
  });
});

it.each<[string, object]>([
  ['a client without that symbol', { createCluster: () => ({}) }],
  ['a symbol that is no function', { [CREATE_CLUSTER]: 'cluster' }],
])('%s is left as it is', (_name, kafka) => {
  const before = Object.getOwnPropertyDescriptors(kafka);
  const isInstalled = interceptProduce(kafka, notAsked);
  expect(isInstalled()).toBe(false);
  expect(Object.getOwnPropertyDescriptors(kafka)).toEqual(before);
});

it.each<[string, unknown]>([
  ['no cluster', undefined],
  ['a cluster without a pool', {}],
  ['a pool that makes no brokers', { brokerPool: {} }],
])('%s: it stays as it is', (_name, cluster) => {
  const kafka = { [CREATE_CLUSTER]: () => cluster };
  const isInstalled = interceptProduce(kafka, notAsked);
  expect(kafka[CREATE_CLUSTER]()).toBe(cluster);
  expect(isInstalled()).toBe(false);
});

it.each<[string, () => unknown]>([
  ['no broker', () => undefined],
  ['a broker that cannot produce', () => Object.assign(new Broker(), { produce: undefined })],
  [
    'a broker that does not say whether it is connected',
    () => Object.assign(new Broker(), { isConnected: undefined }),
  ],
  ['a broker that cannot connect', () => Object.assign(new Broker(), { connect: undefined })],
  [
    'a broker without a pool of connections',
    () => Object.assign(new Broker(), { connectionPool: undefined }),
  ],
  [
    'a pool that does not say whether it is connected',
    () => Object.assign(new Broker(), { connectionPool: { send: async () => 1 } }),
  ],
  [
    'a pool that sends nothing',
    () => Object.assign(new Broker(), { connectionPool: { isConnected: () => true } }),
  ],
  [
    'a broker that sends in another way',
    () => ({ ...new Broker(), connect: () => 1, isConnected: () => true, produce: () => 2 }),
  ],
])('%s: it stays as it is', (_name, make) => {
  const broker = make();
  const before = broker === undefined ? {} : Object.getOwnPropertyDescriptors(broker);
  const kafka = kafkaWith(() => broker);
  const isInstalled = interceptProduce(kafka, notAsked);
  expect(brokerOf(kafka)).toBe(broker);
  expect(isInstalled()).toBe(false);
  if (broker !== undefined) expect(Object.getOwnPropertyDescriptors(broker)).toEqual(before);
});
