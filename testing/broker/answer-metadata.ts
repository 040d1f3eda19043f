// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Metadata v6, with automatic topic creation.
import { ERROR } from './apis.ts';
import type { FaultEffect } from './faults.ts';
import type { TopicSettings } from './refusals.ts';
import type { ClusterState, ReadRequest } from './state.ts';
import { isLegalTopicName, type Topic } from './topics.ts';
import { Encoder } from './wire.ts';

const CLUSTER_ID = 'kafka-stand-in';
const NO_LEADER = -1;
const NO_SETTINGS: TopicSettings = {};

function findOrCreate(name: string, mayCreate: boolean, state: ClusterState): Topic | number {
  const found = state.topics.get(name);
  if (found !== undefined) return found;
  if (!isLegalTopicName(name)) return ERROR.INVALID_TOPIC_EXCEPTION;
  const partitions = state.settings.autoCreatePartitions;
  if (!mayCreate || partitions === 0) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  return state.topics.create(name, partitions);
}

function writeTopic(name: string, mayCreate: boolean, state: ClusterState, effect: FaultEffect): Encoder {
  const injected = effect.errorOf(name);
  const topic = injected === ERROR.NONE ? findOrCreate(name, mayCreate, state) : injected;
  const partitions = typeof topic === 'number' ? [] : topic.partitions;
  const { replicas, inSyncReplicas } = typeof topic === 'number' ? NO_SETTINGS : topic.settings;
  const entries = partitions.map(({ leader }, index) => {
    const error = effect.errorOf(name, index);
    return new Encoder()
      .writeInt16(error)
      .writeInt32(index)
      .writeInt32(error === ERROR.NONE ? leader : NO_LEADER)
      .writeArray(replicas ?? [leader])
      .writeArray(inSyncReplicas ?? replicas ?? [leader])
      .writeArray([]);
  });
  // Kafka's come out of a map: in any order.
  return new Encoder()
    .writeInt16(typeof topic === 'number' ? topic : ERROR.NONE)
    .writeString(name)
    .writeBoolean(false)
    .writeArray(entries.reverse());
}

export const readMetadata: ReadRequest = (decoder, state) => {
  // A null array asks for all topics (kafkajs), an empty one for none (@platformatic/kafka, when it connects).
  const length = decoder.readInt32();
  const asked = Array.from({ length: Math.max(0, length) }, () => decoder.readString() ?? '');
  const mayCreate = decoder.readBoolean();
  const names = length < 0 ? state.topics.names() : asked;
  return {
    targets: names.map((topic) => ({ topic, partition: null })),
    answer: ({ effect }) =>
      new Encoder()
        .writeInt32(effect.throttle)
        // A broker that is down stays listed, as in a cluster that has not noticed yet.
        .writeArray(
          state.nodes.map((node) => {
            const { host, port } = state.addressOf(node);
            return new Encoder().writeInt32(node.id).writeString(host).writeInt32(port).writeString(null);
          }),
        )
        .writeString(CLUSTER_ID)
        .writeInt32(state.firstUp()?.id ?? NO_LEADER)
        .writeArray(names.map((name) => writeTopic(name, mayCreate, state, effect))),
  };
};
