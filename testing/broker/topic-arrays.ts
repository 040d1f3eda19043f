// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// The shape that most APIs share: an array of topics, each with an array of partitions.
import { type Decoder, Encoder } from './wire.ts';

interface OfPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Reads [topic [partition ...]] into one flat list. */
export function readPartitions<T>(decoder: Decoder, readRest: (decoder: Decoder) => T): (T & OfPartition)[] {
  return decoder
    .readArray((topicDecoder) => {
      const topic = topicDecoder.readString() ?? '';
      return topicDecoder.readArray((item) => {
        const partition = item.readInt32();
        return { ...readRest(item), topic, partition };
      });
    })
    .flat();
}

/** Writes a flat list as [topic [partition ...]]; `encode` writes what follows the partition's number. */
export function writePartitions<T extends OfPartition>(
  target: Encoder,
  items: readonly T[],
  encode: (item: T, partition: Encoder) => Encoder,
): Encoder {
  const byTopic = new Map<string, Encoder[]>();
  for (const item of items) {
    const encoded = encode(item, new Encoder().writeInt32(item.partition));
    const partitions = byTopic.get(item.topic);
    if (partitions === undefined) byTopic.set(item.topic, [encoded]);
    else partitions.push(encoded);
  }
  return target.writeArray(
    [...byTopic].map(([topic, partitions]) => new Encoder().writeString(topic).writeArray(partitions)),
  );
}
