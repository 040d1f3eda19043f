// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Fetch v4 and ListOffsets v2.
import { ERROR } from './apis.ts';
import type { AnswerContext, ReadRequest } from './state.ts';
import { readPartitions, writePartitions } from './topic-arrays.ts';
import type { Partition } from './topics.ts';
import { Encoder } from './wire.ts';

// Of the times below 0 there are more, in later versions: a broker refuses those that it does not know.
const EARLIEST = -2;
const LATEST = -1;

interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

type Led =
  | { readonly error: number; readonly partition: null }
  | { readonly error: 0; readonly partition: Partition };

function led({ topic, partition }: { topic: string; partition: number }, context: AnswerContext): Led {
  const injected = context.effect.errorOf(topic, partition);
  if (injected !== ERROR.NONE) return { error: injected, partition: null };
  const found = context.state.topics.partition(topic, partition);
  if (found === undefined) return { error: ERROR.UNKNOWN_TOPIC_OR_PARTITION, partition: null };
  if (found.leader !== context.broker) return { error: ERROR.NOT_LEADER_OR_FOLLOWER, partition: null };
  return { error: ERROR.NONE, partition: found };
}

function fetchOne(
  asked: FetchPartition,
  context: AnswerContext,
): { batches: Buffer[]; error: number; end: number } {
  const { error, partition } = led(asked, context);
  if (partition === null) return { batches: [], error, end: -1 };
  const end = partition.nextOffset;
  if (asked.offset < 0 || asked.offset > end) return { batches: [], error: ERROR.OFFSET_OUT_OF_RANGE, end };
  return { batches: partition.read(asked.offset, asked.maxBytes), error: ERROR.NONE, end };
}

/** Resolves at the next append, after the time that the client would wait, or when the broker goes down. */
function nextAppend({ state, signal }: AnswerContext, maxWait: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      state.appends.off('stored', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, maxWait);
    state.appends.on('stored', done);
    signal.addEventListener('abort', done);
  });
}

async function fetchAll(
  asked: readonly FetchPartition[],
  maxWait: number,
  context: AnswerContext,
): Promise<Encoder> {
  const deadline = Date.now() + maxWait;
  for (;;) {
    const found = asked.map((item) => ({ ...item, ...fetchOne(item, context) }));
    const left = deadline - Date.now();
    const isReady = found.some(({ batches, error }) => batches.length > 0 || error !== ERROR.NONE);
    if (!isReady && left > 0 && !context.signal.aborted) {
      await nextAppend(context, left);
      continue;
    }
    return writePartitions(
      new Encoder().writeInt32(context.effect.throttle),
      found,
      ({ batches, error, end }, partition) =>
        partition
          .writeInt16(error)
          .writeInt64(end)
          .writeInt64(end)
          .writeArray([]) // aborted transactions
          .writeBytes(Buffer.concat(batches)),
    );
  }
}

export const readFetch: ReadRequest = (decoder) => {
  decoder.readInt32(); // replica id
  const maxWait = decoder.readInt32();
  decoder.readInt32(); // min bytes: one batch is always enough to answer
  decoder.readInt32(); // max bytes: the limit per partition is the one that is kept
  decoder.readInt8(); // isolation level: there are no transactions
  const asked = readPartitions(decoder, (item) => ({
    offset: Number(item.readInt64()),
    maxBytes: item.readInt32(),
  }));
  return { targets: asked, answer: (context) => fetchAll(asked, maxWait, context) };
};

function offsetAt(partition: Partition, timestamp: number): { offset: number; at: number } {
  if (timestamp === EARLIEST) return { offset: 0, at: -1 };
  if (timestamp === LATEST) return { offset: partition.nextOffset, at: -1 };
  const record = partition.firstAtOrAfter(timestamp);
  return { offset: record?.offset ?? -1, at: record?.timestamp ?? -1 };
}

export const readListOffsets: ReadRequest = (decoder) => {
  decoder.readInt32(); // replica id
  decoder.readInt8(); // isolation level
  const asked = readPartitions(decoder, (item) => ({ timestamp: Number(item.readInt64()) }));
  return {
    targets: asked,
    answer: (context) =>
      writePartitions(new Encoder().writeInt32(context.effect.throttle), asked, (item, encoder) => {
        const found = led(item, context);
        if (found.partition === null || item.timestamp < EARLIEST)
          return encoder
            .writeInt16(found.error || ERROR.UNSUPPORTED_VERSION)
            .writeInt64(-1)
            .writeInt64(-1);
        const { offset, at } = offsetAt(found.partition, item.timestamp);
        return encoder.writeInt16(ERROR.NONE).writeInt64(at).writeInt64(offset);
      }),
  };
};
