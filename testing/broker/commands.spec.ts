import type { Producer } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster } from './broker-cluster.ts';
import { connectedProducer, kafkaOf } from './kafkajs-client.ts';

describe('commanding the cluster', () => {
  let cluster: BrokerCluster;
  let producer: Producer;

  beforeEach(async () => {
    cluster = await BrokerCluster.start({ brokers: 2, topics: { logs: 2 } });
    producer = await connectedProducer(cluster);
  });

  afterEach(async () => {
    await producer.disconnect();
    await cluster.stop();
  });

  const send = (partition: number, value: string): Promise<unknown> =>
    producer.send({ topic: 'logs', messages: [{ partition, value }] });

  it('listens on 127.0.0.1, one port per broker', () => {
    expect(cluster.addresses).toHaveLength(2);
    for (const address of cluster.addresses) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(new Set(cluster.addresses).size).toBe(2);
  });

  it('down and up: the same ports, data kept, kafkajs comes back', async () => {
    const { addresses } = cluster;
    await send(0, 'before');
    await cluster.down();
    expect(cluster.connections).toBe(0);
    const sent = send(0, 'during');
    await cluster.up();
    await sent;
    expect(cluster.addresses).toEqual(addresses);
    expect(cluster.values('logs')).toEqual(['before', 'during']);
  });

  it('down of one broker leaves the others', async () => {
    await cluster.down(1);
    await send(0, 'to the living');
    const short = await connectedProducer(cluster, { retry: { retries: 1, initialRetryTime: 1 } });
    await expect(
      short.send({ topic: 'logs', messages: [{ partition: 1, value: 'to the dead' }] }),
    ).rejects.toMatchObject({ cause: { name: 'KafkaJSConnectionError', code: 'ECONNREFUSED' } });
    await short.disconnect();
    await cluster.up(1);
    await send(1, 'to the risen');
    expect(cluster.values('logs')).toEqual(['to the living', 'to the risen']);
  });

  it('moveLeader: the old leader refuses, the new one has everything', async () => {
    await send(1, 'before');
    cluster.moveLeader('logs', 1, 0);
    await send(1, 'after');
    expect(cluster.produceRequests.map(({ broker, errorCode }) => [broker, errorCode])).toEqual([
      [1, 0],
      [1, 6],
      [0, 0],
    ]);
    expect(cluster.records('logs').map(({ offset }) => offset)).toEqual([0, 1]);
    expect(() => cluster.moveLeader('logs', 1, 7)).toThrow('No broker 7');
  });

  it('createTopic, addPartitions, deleteTopic', async () => {
    cluster.createTopic('later', 1);
    const to = (partition: number): Promise<unknown> =>
      producer.send({ topic: 'later', messages: [{ partition, value: `${partition}` }] });
    await to(0);
    cluster.addPartitions('later', 3);
    const fresh = await connectedProducer(cluster);
    await fresh.send({ topic: 'later', messages: [{ partition: 2, value: 'in the new one' }] });
    await fresh.disconnect();
    expect(cluster.records('later').map(({ partition }) => partition)).toEqual([0, 2]);

    cluster.deleteTopic('later');
    await expect(to(0)).rejects.toMatchObject({ cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' } });
    expect(cluster.produceRequests.at(-1)).toMatchObject({ topic: 'later', errorCode: 3 });
    expect(cluster.records('later')).toEqual([]);
    expect(() => cluster.createTopic('logs', 1)).toThrow('Topic logs exists already');
    expect(() => cluster.addPartitions('logs', 2)).toThrow('has 2 partitions already');
    expect(() => cluster.deleteTopic('later')).toThrow('No topic later');
  });

  it('silentConnections: accepts and never answers', async () => {
    const impatient = { requestTimeout: 100, retry: { retries: 0 } };
    const old = await connectedProducer(cluster, impatient);
    cluster.silentConnections = true;
    const before = { connections: cluster.connections, ever: cluster.connectionsEver };
    const stranded = kafkaOf(cluster, impatient).producer();
    const connecting = expect(stranded.connect()).rejects.toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
    });
    await cluster.until(() => cluster.connections === before.connections + 1);
    await connecting;
    expect(cluster.connectionsEver).toBe(before.ever + 1);
    await expect(old.send({ topic: 'logs', messages: [{ value: 'unheard' }] })).rejects.toThrow(/timed out/);
    expect([cluster.requests.ApiVersions, cluster.requests.Metadata]).toEqual([2, 0]);
    await Promise.all([stranded.disconnect(), old.disconnect()]);
    cluster.silentConnections = false;
    await send(0, 'heard');
  });

  it('counts connections, and tells of them', async () => {
    const seen: string[] = [];
    cluster.on('connection', ({ broker, id }) => seen.push(`+${broker}/${id}`));
    cluster.on('disconnection', ({ broker, id }) => seen.push(`-${broker}/${id}`));
    const first = cluster.connections;
    const other = kafkaOf(cluster, { brokers: cluster.addresses.slice(1) }).producer();
    await other.connect();
    expect(cluster.connections).toBe(first + 1);
    await other.disconnect();
    await cluster.until(() => cluster.connections === first);
    expect(seen).toEqual([`+1/${first + 1}`, `-1/${first + 1}`]);
  });

  it('tells of requests', async () => {
    const seen: string[] = [];
    cluster.on('request', ({ api, version, broker, clientId, targets }) => {
      if (api === 'Produce') seen.push(`${api} v${version} ${broker} ${clientId} ${JSON.stringify(targets)}`);
    });
    await send(1, 'x');
    expect(seen).toEqual(['Produce v7 1 kafkajs [{"topic":"logs","partition":1,"records":1}]']);
  });

  it('until: resolves on the event, says what was missing, hands errors on', async () => {
    const waiting = cluster.until(() => cluster.values('logs').includes('awaited'));
    await send(0, 'awaited');
    await waiting;
    await expect(cluster.until(() => cluster.count('logs') === 2, 20)).rejects.toThrow(
      /^Waited 20 ms in vain for .*count\("?'?logs"?'?\) === 2; requests {.*"Produce":1.*}, stored {"logs":1}, connections \d/,
    );
    const broken = cluster.until(() => {
      throw new Error('the predicate itself');
    });
    await expect(broken).rejects.toThrow('the predicate itself');
  });

  it('stop: finishes whatever is waiting, and leaves no socket or timer', async () => {
    const own = await BrokerCluster.start({ topics: { logs: 1 } });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const client = await connectedProducer(own, { retry: { retries: 0 } });
    own.inject({ api: 'Produce', action: { delay: 60_000 } });
    own.inject({ api: 'Produce', action: { hold: new Promise(() => undefined) } });
    const sent = expect(client.send({ topic: 'logs', messages: [{ value: 'x' }] })).rejects.toThrow();
    await own.until(() => own.count('logs') === 1);
    const waiting = expect(own.until(() => false, 60_000)).rejects.toThrow('The broker cluster was stopped');
    await own.stop();
    await Promise.all([sent, waiting]);
    await client.disconnect();
    expect(own.connections).toBe(0);
    // One of the process's own may be there for a moment. Those of the cluster would be there for a minute.
    while (timers() > before) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('stop: rejects with what failed inside a listener', async () => {
    const own = await BrokerCluster.start();
    own.on('request', () => {
      throw new Error('from the listener');
    });
    const client = kafkaOf(own, { retry: { retries: 0 } }).producer();
    await expect(client.connect()).rejects.toThrow();
    await client.disconnect();
    await expect(own.stop()).rejects.toMatchObject({ errors: [{ message: 'from the listener' }] });
  });
});
