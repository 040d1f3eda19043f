// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// The Produce response, v3 to v12.
import { ERROR, isFlexible } from './apis.ts';
import { FIXED, type FieldLayout, FLEXIBLE, type TaggedField } from './field-layout.ts';
import type { ClusterState } from './state.ts';
import type { AppendResult } from './topics.ts';
import { Encoder } from './wire.ts';

export interface PartitionAnswer {
  readonly partition: number;
  readonly result: AppendResult;
}

export interface TopicAnswer {
  readonly topic: string;
  readonly partitions: readonly PartitionAnswer[];
}

const CURRENT_LEADER = 0;
const NODE_ENDPOINTS = 0;

export class ProduceResponse {
  readonly #version: number;
  readonly #state: ClusterState;
  readonly #layout: FieldLayout;
  /** Those that were named as leaders. */
  readonly #leaders = new Set<number>();

  constructor(version: number, state: ClusterState) {
    this.#version = version;
    this.#state = state;
    this.#layout = isFlexible('Produce', version) ? FLEXIBLE : FIXED;
  }

  encode(topics: readonly TopicAnswer[], throttle: number): Encoder {
    const response = new Encoder();
    this.#layout.writeArray(
      response,
      topics.map((topic) => this.#topic(topic)),
    );
    response.writeInt32(throttle);
    this.#layout.writeEnd(response, this.#nodeEndpoints());
    return response;
  }

  #topic({ topic, partitions }: TopicAnswer): Encoder {
    const encoder = new Encoder();
    this.#layout.writeString(encoder, topic);
    this.#layout.writeArray(
      encoder,
      partitions.map((answer) => this.#partition(topic, answer)),
    );
    this.#layout.writeEnd(encoder);
    return encoder;
  }

  #partition(topic: string, { partition, result }: PartitionAnswer): Encoder {
    const encoder = new Encoder()
      .writeInt32(partition)
      .writeInt16(result.errorCode)
      .writeInt64(result.baseOffset)
      .writeInt64(this.#state.topics.get(topic)?.settings.logAppendTime ?? -1);
    if (this.#version >= 5) encoder.writeInt64(0); // log start: nothing is ever deleted
    if (this.#version >= 8) this.#writeErrors(encoder, result);
    this.#layout.writeEnd(encoder, this.#currentLeader(topic, partition, result.errorCode));
    return encoder;
  }

  #writeErrors(encoder: Encoder, result: AppendResult): void {
    const { recordErrors, message } = 'stored' in result ? { recordErrors: [], message: null } : result;
    this.#layout.writeArray(
      encoder,
      recordErrors.map((error) => {
        const item = new Encoder().writeInt32(error.index);
        this.#layout.writeString(item, error.message);
        this.#layout.writeEnd(item);
        return item;
      }),
    );
    this.#layout.writeString(encoder, message);
  }

  /** KIP-951: who leads the partition, for a client that has sent to another broker. */
  #currentLeader(topic: string, partition: number, errorCode: number): TaggedField[] {
    if (this.#version < 10 || errorCode !== ERROR.NOT_LEADER_OR_FOLLOWER) return [];
    const found = this.#state.topics.partition(topic, partition);
    if (found === undefined) return [];
    this.#leaders.add(found.leader);
    const value = new Encoder().writeInt32(found.leader).writeInt32(found.leaderEpoch);
    this.#layout.writeEnd(value);
    return [{ tag: CURRENT_LEADER, value }];
  }

  #nodeEndpoints(): TaggedField[] {
    const nodes = this.#state.nodes.filter(({ id }) => this.#leaders.has(id));
    if (nodes.length === 0) return [];
    const value = new Encoder();
    this.#layout.writeArray(
      value,
      nodes.map((node) => {
        const { host, port } = this.#state.addressOf(node);
        const item = new Encoder().writeInt32(node.id);
        this.#layout.writeString(item, host);
        item.writeInt32(port);
        this.#layout.writeString(item, null); // rack
        this.#layout.writeEnd(item);
        return item;
      }),
    );
    return [{ tag: NODE_ENDPOINTS, value }];
  }
}
