// A producer that was handed in may throw anything: for one record, which must not stop the others, or for all of them, which
// is an outage. In this thread only, as such a producer is.
import { describe, expect, it } from 'vitest';
import type { ProducerLike } from '../../lib/index.ts';
import { thrownFor } from '../scenarios/faults/fixtures/kafka-that-throws.mjs';
import { expectFlushed, turn } from '../scenarios/faults/rig.ts';
import { PLACES, THROWN } from '../scenarios/faults/thrown.ts';
import { expectLaw, loggerWith, startCluster, transportTo } from '../support/harness.ts';

const COUNT = 100;

describe('a producer that was handed in', () => {
  class Picky implements ProducerLike {
    readonly got: string[] = [];
    connects = 0;
    isBroken = false;
    async connect(): Promise<void> {
      this.connects++;
    }
    async disconnect(): Promise<void> {
      // Nothing to do.
    }
    async send({ topic, messages }: { topic: string; messages: { value: string }[] }): Promise<unknown> {
      const thrown = this.isBroken ? [new Error('boom')] : thrownFor(JSON.stringify(messages));
      if (thrown !== undefined) throw thrown[0];
      this.got.push(...messages.map(({ value }) => value));
      return [{ topicName: topic, partition: 0, errorCode: 0 }];
    }
  }

  it.each(THROWN.flatMap((what) => Object.keys(PLACES).map((place) => [what, place] as const)))(
    'throws %s for one %s: that record alone is rejected',
    async (what, place) => {
      const cluster = await startCluster();
      const producer = new Picky();
      const transport = transportTo(cluster, {
        producer,
        ...PLACES[place]?.((message) => message.startsWith('bad'), what),
        dropNotice: false,
      });
      const logger = loggerWith(transport);
      for (let n = 0; n < COUNT; n++) {
        if (n === 42) {
          logger.info(place === 'value' ? `bad, throw: ${what}` : 'bad');
          // It is known to be at fault only where others get through meanwhile: one with a key of its own may be the last.
          while (producer.got.length < 42) await turn();
        }
        logger.info(`record ${n}`);
      }
      expect(await transport.flush(20_000)).toEqual({ delivered: COUNT, dropped: 1, pending: 0 });
      expect(producer.got).toEqual(Array.from({ length: COUNT }, (_, n) => `record ${n}`));
      expectLaw(transport);
    },
  );

  it('throws for all of them: nothing is dropped, and all arrive when it works again', async () => {
    const cluster = await startCluster();
    const producer = new Picky();
    producer.isBroken = true;
    const transport = transportTo(cluster, { producer });
    const logger = loggerWith(transport);
    for (let n = 0; n < COUNT; n++) logger.info(`record ${n}`);
    expect(await transport.flush(1_000)).toMatchObject({ dropped: 0, pending: COUNT });
    expect(transport.stats().state).toBe('down');
    producer.isBroken = false;
    await expectFlushed(transport, COUNT);
    expect(producer.got).toEqual(Array.from({ length: COUNT }, (_, n) => `record ${n}`));
  });
});
