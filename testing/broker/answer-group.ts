// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// FindCoordinator v1, JoinGroup v2, SyncGroup v1, Heartbeat v1, LeaveGroup v1, OffsetCommit v3, OffsetFetch v3.
import { ERROR } from './apis.ts';
import type { ReadRequest } from './state.ts';
import { readPartitions, writePartitions } from './topic-arrays.ts';
import { type Decoder, Encoder } from './wire.ts';

const string = (decoder: Decoder): string => decoder.readString() ?? '';

export const readFindCoordinator: ReadRequest = (decoder, state) => {
  decoder.readString(); // group id: every group has the same coordinator
  decoder.readInt8(); // group or transaction
  return {
    targets: [],
    answer: ({ effect }) => {
      const node = state.firstUp();
      const error = node === undefined ? ERROR.COORDINATOR_NOT_AVAILABLE : effect.errorOf();
      return new Encoder()
        .writeInt32(effect.throttle)
        .writeInt16(error)
        .writeString(null)
        .writeInt32(node?.id ?? -1)
        .writeString(node?.host ?? '')
        .writeInt32(node?.port ?? -1);
    },
  };
};

export const readJoinGroup: ReadRequest = (decoder, state) => {
  const groupId = string(decoder);
  const sessionTimeout = decoder.readInt32();
  decoder.readInt32(); // rebalance timeout: one member has nobody to wait for
  const memberId = string(decoder);
  decoder.readString(); // protocol type
  const protocols = decoder.readArray((item) => ({ name: string(item), metadata: item.readBytes() }));
  return {
    targets: [],
    answer: ({ effect }) => {
      const group = state.groups.get(groupId);
      const joined = effect.errorOf() || group.join(groupId, memberId, sessionTimeout);
      const isIn = typeof joined === 'string';
      const id = isIn ? joined : memberId;
      const protocol = protocols[0];
      const member = new Encoder().writeString(id).writeBytes(protocol?.metadata ?? null);
      return new Encoder()
        .writeInt32(effect.throttle)
        .writeInt16(isIn ? ERROR.NONE : joined)
        .writeInt32(isIn ? group.generation : -1)
        .writeString(protocol?.name ?? '')
        .writeString(isIn ? id : '')
        .writeString(id)
        .writeArray(isIn ? [member] : []);
    },
  };
};

export const readSyncGroup: ReadRequest = (decoder, state) => {
  const groupId = string(decoder);
  const generation = decoder.readInt32();
  const memberId = string(decoder);
  const assignments = decoder.readArray((item) => ({ memberId: string(item), bytes: item.readBytes() }));
  return {
    targets: [],
    answer: ({ effect }) => {
      const group = state.groups.get(groupId);
      const error = effect.errorOf() || group.seen(memberId, generation);
      const mine = assignments.find((assignment) => assignment.memberId === memberId)?.bytes ?? undefined;
      return new Encoder()
        .writeInt32(effect.throttle)
        .writeInt16(error)
        .writeBytes(error === ERROR.NONE ? group.assign(mine) : Buffer.alloc(0));
    },
  };
};

export const readHeartbeat: ReadRequest = (decoder, state) => {
  const groupId = string(decoder);
  const generation = decoder.readInt32();
  const memberId = string(decoder);
  return {
    targets: [],
    answer: ({ effect }) =>
      new Encoder()
        .writeInt32(effect.throttle)
        .writeInt16(effect.errorOf() || state.groups.get(groupId).seen(memberId, generation)),
  };
};

export const readLeaveGroup: ReadRequest = (decoder, state) => {
  const groupId = string(decoder);
  const memberId = string(decoder);
  return {
    targets: [],
    answer: ({ effect }) =>
      new Encoder()
        .writeInt32(effect.throttle)
        .writeInt16(effect.errorOf() || state.groups.get(groupId).leave(memberId)),
  };
};

export const readOffsetCommit: ReadRequest = (decoder, state) => {
  const groupId = string(decoder);
  const generation = decoder.readInt32();
  const memberId = string(decoder);
  decoder.readInt64(); // retention time
  const commits = readPartitions(decoder, (item) => ({
    offset: Number(item.readInt64()),
    metadata: item.readString(),
  }));
  return {
    targets: commits,
    answer: ({ effect }) => {
      const group = state.groups.get(groupId);
      const ofGroup = group.seen(memberId, generation);
      const response = new Encoder().writeInt32(effect.throttle);
      return writePartitions(response, commits, ({ topic, partition, offset, metadata }, encoder) => {
        const error = effect.errorOf(topic, partition) || ofGroup;
        if (error === ERROR.NONE) group.offsets.set(`${topic}/${partition}`, { offset, metadata });
        return encoder.writeInt16(error);
      });
    },
  };
};

export const readOffsetFetch: ReadRequest = (decoder, state) => {
  const groupId = string(decoder);
  const asked = readPartitions(decoder, () => ({}));
  return {
    targets: asked,
    answer: ({ effect }) => {
      const { offsets } = state.groups.get(groupId);
      const response = new Encoder().writeInt32(effect.throttle);
      return writePartitions(response, asked, ({ topic, partition }, encoder) => {
        const committed = offsets.get(`${topic}/${partition}`);
        return encoder
          .writeInt64(committed?.offset ?? -1)
          .writeString(committed?.metadata ?? '')
          .writeInt16(effect.errorOf(topic, partition));
      }).writeInt16(ERROR.NONE);
    },
  };
};
