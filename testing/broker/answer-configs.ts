// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// DescribeConfigs v0, of topics: the settings that the stand-in has.
import { ERROR } from './apis.ts';
import type { ClusterState, ReadRequest } from './state.ts';
import { Encoder } from './wire.ts';

const TOPIC = 2;

function settingsOf(name: string, state: ClusterState): readonly [string, string][] | undefined {
  const topic = state.topics.get(name);
  if (topic === undefined) return undefined;
  return [
    ['min.insync.replicas', String(topic.settings.minInSyncReplicas ?? 1)],
    ['max.message.bytes', String(state.settings.maxMessageBytes)],
  ];
}

export const readDescribeConfigs: ReadRequest = (decoder, state) => {
  const resources = decoder.readArray(() => {
    const type = decoder.readInt8();
    const name = decoder.readString() ?? '';
    const count = decoder.readInt32();
    // null: all of them.
    const names = count < 0 ? null : Array.from({ length: count }, () => decoder.readString() ?? '');
    return { type, name, names };
  });
  return {
    targets: resources.map(({ name }) => ({ topic: name, partition: null })),
    answer: ({ effect }) =>
      new Encoder().writeInt32(effect.throttle).writeArray(
        resources.map(({ type, name, names }) => {
          const injected = effect.errorOf(name);
          const found = type === TOPIC ? settingsOf(name, state) : undefined;
          const error = found === undefined ? ERROR.UNKNOWN_TOPIC_OR_PARTITION : ERROR.NONE;
          const entries = (found ?? []).filter(([setting]) => names === null || names.includes(setting));
          return new Encoder()
            .writeInt16(injected === ERROR.NONE ? error : injected)
            .writeString(null)
            .writeInt8(type)
            .writeString(name)
            .writeArray(
              entries.map(([setting, value]) =>
                new Encoder()
                  .writeString(setting)
                  .writeString(value)
                  .writeBoolean(false)
                  .writeBoolean(true)
                  .writeBoolean(false),
              ),
            );
        }),
      ),
  };
};
