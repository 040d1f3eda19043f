// What the compiler must take, and what it must refuse: checked by `npm run types`, and by vitest's typecheck.
import type { Kafka } from 'kafkajs';
import { describe, expectTypeOf, it } from 'vitest';
import type winston from 'winston';
import type TransportStream from 'winston-transport';
import type {
  KafkaTransport,
  KafkaTransportOptions,
  TransportEntry,
  TransportStats,
} from '../../lib/index.ts';

declare const kafka: Kafka;
const enough = { topic: 'logs', kafka: { brokers: ['localhost:9092'] } };

// As TypeScript's winston transports are written, which return nothing.
declare class Own extends KafkaTransport {
  override log(info: winston.Logform.TransformableInfo, next: () => void): void;
}

function take(_options: KafkaTransportOptions): void {}

describe('the types', () => {
  it('take what is meant to work', () => {
    take(enough);
    take({ topic: ({ level }: TransportEntry) => level, producer: kafka.producer() });
    take({
      topic: 'logs',
      producer: () => kafka.producer(),
      acks: 1,
      filter: { '': 'warn', kafkajs: false },
    });
    take({
      ...enough,
      key: ({ info }) => String(info.userId),
      headers: ({ level }) => ({ level, none: undefined }),
    });
    take({ ...enough, worker: false, loopDetection: false, loopHeader: true });
  });

  it('refuse what is not', () => {
    // @ts-expect-error: a topic is required
    take({ kafka: { brokers: [] } });
    // @ts-expect-error: 0 cannot tell loss from delivery
    take({ ...enough, acks: 0 });
    // @ts-expect-error: the nearest is maxRecords
    take({ ...enough, batch: { maxRecord: 5 } });
    // @ts-expect-error: not one of the three
    take({ ...enough, buffer: { overflow: 'block' } });
    // @ts-expect-error: a spool needs a directory
    take({ ...enough, spool: { mode: 'always' } });
    // @ts-expect-error: a key is a string, a Buffer or nothing
    take({ ...enough, key: () => 5 });
    // @ts-expect-error: no such option
    take({ ...enough, brokers: [] });
  });

  it('say what comes back', () => {
    expectTypeOf<KafkaTransport>().toExtend<TransportStream>();
    expectTypeOf<KafkaTransport>().toExtend<winston.transport>();
    expectTypeOf<KafkaTransport['flush']>().returns.resolves.toEqualTypeOf<{
      delivered: number;
      dropped: number;
      pending: number;
    }>();
    expectTypeOf<KafkaTransport['stats']>().returns.toEqualTypeOf<TransportStats>();
    expectTypeOf<TransportStats['state']>().toEqualTypeOf<'idle' | 'up' | 'down' | 'closed'>();
    expectTypeOf<KafkaTransport>().toExtend<AsyncDisposable>();
    expectTypeOf<Own>().toExtend<KafkaTransport>();
  });
});
