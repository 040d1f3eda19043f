import type { MessageToProduce } from '@platformatic/kafka';
import { ORIGINAL_TIMESTAMP } from '../../record/headers/sent-time.ts';
import { toBuffer } from '../../util/to-buffer.ts';
import type { ClientMessage } from '../client-messages.ts';

export type PlatformaticMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

// `encodeZigZag64` of @platformatic/dynamic-buffer 0.3 (varint.js) shifts by 31 bits instead of 63: a time that is farther than that
// from the first of its batch is read as quite another one.
const FARTHEST_MS = 2 ** 31 - 1;

/**
 * The messages of one partition, in bytes: then @platformatic/kafka has nothing to serialize. A record whose time it cannot write
 * beside that of the first goes with the nearest one, and its own in a header.
 */
export function platformaticMessages(
  messages: readonly ClientMessage[],
  topic: string,
  partition: number,
): PlatformaticMessage[] {
  const first = Number(messages[0]?.timestamp);
  return messages.map(({ value, key, headers, timestamp }) => {
    const own = Number(timestamp);
    const time = Math.min(Math.max(own, first - FARTHEST_MS), first + FARTHEST_MS);
    const message: PlatformaticMessage = {
      topic,
      partition,
      value: toBuffer(value),
      timestamp: BigInt(time),
    };
    if (key !== null) message.key = toBuffer(key);
    const all = time === own ? headers : { [ORIGINAL_TIMESTAMP]: timestamp, ...headers };
    if (all !== undefined) {
      message.headers = new Map(
        Object.entries(all).map(([name, header]) => [Buffer.from(name), toBuffer(header)]),
      );
    }
    return message;
  });
}
