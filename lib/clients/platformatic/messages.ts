import type { MessageToProduce } from '@platformatic/kafka';
import { toBuffer } from '../../util/to-buffer.ts';
import type { ClientMessage } from '../client-messages.ts';

export type PlatformaticMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** The messages of one partition, in bytes: then @platformatic/kafka has nothing to serialize. */
export function platformaticMessages(
  messages: readonly ClientMessage[],
  topic: string,
  partition: number,
): PlatformaticMessage[] {
  return messages.map(({ value, key, headers, timestamp }) => {
    const message: PlatformaticMessage = {
      topic,
      partition,
      value: toBuffer(value),
      timestamp: BigInt(timestamp),
    };
    if (key !== null) message.key = toBuffer(key);
    if (headers !== undefined) {
      message.headers = new Map(
        Object.entries(headers).map(([name, header]) => [Buffer.from(name), toBuffer(header)]),
      );
    }
    return message;
  });
}
