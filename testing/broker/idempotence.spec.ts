import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster, ERROR } from './broker-cluster.ts';
import { connectedProducer } from './kafkajs-client.ts';
import { ProducerSequences } from './producer-sequences.ts';

const batch = (baseSequence: number, records: number, producerEpoch = 0) => ({
  producerId: 7n,
  producerEpoch,
  baseSequence,
  records,
});

describe('sequences of an idempotent producer', () => {
  it('knows a batch that is sent again, by its offset', () => {
    const sequences = new ProducerSequences();
    sequences.remember(batch(0, 5), 100);
    sequences.remember(batch(5, 2), 105);
    expect(sequences.check(batch(0, 5))).toEqual({ duplicateOf: 100 });
    expect(sequences.check(batch(5, 2))).toEqual({ duplicateOf: 105 });
  });

  it('takes the next sequence and refuses a gap or a step back', () => {
    const sequences = new ProducerSequences();
    sequences.remember(batch(0, 5), 0);
    expect(sequences.check(batch(5, 1))).toEqual({ errorCode: ERROR.NONE });
    expect(sequences.check(batch(6, 1))).toEqual({ errorCode: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(sequences.check(batch(4, 1))).toEqual({ errorCode: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER });
  });

  it('forgets all but the last five batches', () => {
    const sequences = new ProducerSequences();
    for (let i = 0; i < 6; i += 1) sequences.remember(batch(i, 1), i);
    expect(sequences.check(batch(1, 1))).toEqual({ duplicateOf: 1 });
    expect(sequences.check(batch(0, 1))).toEqual({ errorCode: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER });
  });

  it('follows the producer over the end of the sequences', () => {
    const sequences = new ProducerSequences();
    sequences.remember(batch(2 ** 31 - 2, 2), 0);
    expect(sequences.check(batch(0, 1))).toEqual({ errorCode: ERROR.NONE });
  });

  it('begins anew with a new epoch and refuses an old one', () => {
    const sequences = new ProducerSequences();
    sequences.remember(batch(0, 3, 1), 0);
    expect(sequences.check(batch(3, 1, 0))).toEqual({ errorCode: ERROR.INVALID_PRODUCER_EPOCH });
    expect(sequences.check(batch(3, 1, 2))).toEqual({ errorCode: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(sequences.check(batch(0, 1, 2))).toEqual({ errorCode: ERROR.NONE });
  });

  it('does not look at producers without an id', () => {
    const sequences = new ProducerSequences();
    const plain = { producerId: -1n, producerEpoch: 0, baseSequence: 0, records: 1 };
    sequences.remember(plain, 0);
    expect(sequences.check(plain)).toEqual({ errorCode: ERROR.NONE });
  });
});

describe('an answer that is lost after the records were stored', () => {
  let cluster: BrokerCluster;

  beforeEach(async () => {
    cluster = await BrokerCluster.start({ topics: { logs: 1 } });
    cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
  });

  afterEach(() => cluster.stop());

  it('leads to the same records once with an idempotent kafkajs producer', async () => {
    const producer = await connectedProducer(cluster, {}, { idempotent: true });
    const sent = await producer.send({ topic: 'logs', messages: [{ value: 'a' }, { value: 'b' }] });
    await producer.send({ topic: 'logs', messages: [{ value: 'c' }] });

    expect(sent).toMatchObject([{ errorCode: 0, baseOffset: '0' }]);
    expect(cluster.values('logs')).toEqual(['a', 'b', 'c']);
    expect(cluster.produceRequests.map(({ outcome }) => outcome)).toEqual(['stored', 'duplicate', 'stored']);
    expect(cluster.requests.InitProducerId).toBe(1);
    await producer.disconnect();
  });

  it('leads to the same records twice with a plain one', async () => {
    const producer = await connectedProducer(cluster);
    await producer.send({ topic: 'logs', messages: [{ value: 'a' }, { value: 'b' }] });
    expect(cluster.values('logs')).toEqual(['a', 'b', 'a', 'b']);
    await producer.disconnect();
  });
});
