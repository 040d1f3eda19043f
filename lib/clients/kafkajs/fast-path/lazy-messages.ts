import type { EncodedRecords } from '../../../protocol/records-encoder.ts';
import { type ReadRecord, readRecords } from '../../../protocol/records-reader.ts';
import type { ClientMessage } from '../../client-messages.ts';
import { groupAtOnce } from '../workarounds.ts';

interface LazyMessages {
  readonly records: EncodedRecords;
  isMade: boolean;
}

const lazy = new WeakMap<object, LazyMessages>();

/**
 * The messages of a send as kafkajs takes them: an array as long as the batch, whose elements are made when somebody looks at
 * them. kafkajs's own `send` looks at the first one, for its partition; an instrumented one looks at all of them, and may add
 * headers.
 *
 * @param partition the one that all of them go to; nothing where the partitioner is to choose it
 */
export function lazyMessages(records: EncodedRecords, partition: number | undefined): ClientMessage[] {
  const messages: ClientMessage[] = [];
  const state: LazyMessages = { records, isMade: false };
  const made = (): ClientMessage[] => {
    if (!state.isMade) {
      state.isMade = true;
      for (const record of readRecords(records)) messages.push(messageOf(record, partition));
    }
    return messages;
  };
  const first = readRecords(records, 1).map((record) => messageOf(record, partition));
  const own: Record<string | symbol, unknown> = {
    // kafkajs looks for a message without a value (producer/messageProducer.js). None is without.
    find: (test: (message: ClientMessage) => unknown) => first.find(test),
    // And groups them by partition (producer/groupMessagesPerPartition.js).
    reduce: (group: never, none: object) => groupAtOnce(first, group, none, proxy),
  };
  const proxy: ClientMessage[] = new Proxy(messages, {
    get: (_target, name, receiver) => {
      if (!state.isMade && name === 'length') return records.count;
      if (!state.isMade && Object.hasOwn(own, name)) return own[name];
      return Reflect.get(made(), name, receiver);
    },
    set: (_target, name, value, receiver) => Reflect.set(made(), name, value, receiver),
    has: (_target, name) => Reflect.has(made(), name),
    deleteProperty: (_target, name) => Reflect.deleteProperty(made(), name),
    ownKeys: () => Reflect.ownKeys(made()),
    defineProperty: (_target, name, property) => Reflect.defineProperty(made(), name, property),
    getOwnPropertyDescriptor: (_target, name) => Reflect.getOwnPropertyDescriptor(made(), name),
  });
  lazy.set(proxy, state);
  return proxy;
}

/** The records behind an array of messages, where it is one of these and nobody has looked at its elements. */
export function untouchedRecords(messages: unknown): EncodedRecords | undefined {
  const state = typeof messages === 'object' && messages !== null ? lazy.get(messages) : undefined;
  return state === undefined || state.isMade ? undefined : state.records;
}

function messageOf(
  { timestamp, key, value, headers }: ReadRecord,
  partition: number | undefined,
): ClientMessage {
  return {
    value: value ?? Buffer.alloc(0),
    key,
    timestamp: String(timestamp),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) as Record<string, Buffer> }),
    ...(partition !== undefined && { partition }),
  };
}
