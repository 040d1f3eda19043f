// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// The APIs that the stand-in speaks: key and version range, and what each broker advertises of them. One version each
// is enough for kafkajs, which takes the highest version that both sides know.

export const APIS = {
  Produce: { key: 0, min: 3, max: 12 },
  Fetch: { key: 1, min: 4, max: 4 },
  ListOffsets: { key: 2, min: 2, max: 2 },
  Metadata: { key: 3, min: 6, max: 6 },
  OffsetCommit: { key: 8, min: 3, max: 3 },
  OffsetFetch: { key: 9, min: 3, max: 3 },
  FindCoordinator: { key: 10, min: 1, max: 1 },
  JoinGroup: { key: 11, min: 2, max: 2 },
  Heartbeat: { key: 12, min: 1, max: 1 },
  LeaveGroup: { key: 13, min: 1, max: 1 },
  SyncGroup: { key: 14, min: 1, max: 1 },
  SaslHandshake: { key: 17, min: 1, max: 1 },
  ApiVersions: { key: 18, min: 0, max: 2 },
  InitProducerId: { key: 22, min: 1, max: 1 },
  DescribeConfigs: { key: 32, min: 0, max: 0 },
  SaslAuthenticate: { key: 36, min: 1, max: 1 },
} as const;

export type ApiName = keyof typeof APIS;

export const API_NAMES = Object.keys(APIS) as ApiName[];

const NAME_BY_KEY = new Map<number, ApiName>(API_NAMES.map((name) => [APIS[name].key, name]));

export const apiNameOf = (key: number): ApiName | undefined => NAME_BY_KEY.get(key);

/** Whether requests and answers of that version have tagged fields, and headers that have them too (KIP-482). */
export const isFlexible = (api: ApiName | undefined, version: number): boolean =>
  (api === 'Produce' && version >= 9) || (api === 'ApiVersions' && version >= 3);

/** ApiVersions is answered with the header without tagged fields in any version: the client may know no other. */
export const hasFlexibleAnswer = (api: ApiName, version: number): boolean =>
  api !== 'ApiVersions' && isFlexible(api, version);

/** The Kafka error codes that the stand-in gives by itself, and those that specs inject most. */
export const ERROR = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  MESSAGE_TOO_LARGE: 10,
  COORDINATOR_NOT_AVAILABLE: 15,
  INVALID_TOPIC_EXCEPTION: 17,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  INVALID_TIMESTAMP: 32,
  INVALID_REQUIRED_ACKS: 21,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  TOPIC_AUTHORIZATION_FAILED: 29,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  UNSUPPORTED_SASL_MECHANISM: 33,
  ILLEGAL_SASL_STATE: 34,
  UNSUPPORTED_VERSION: 35,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  INVALID_PRODUCER_EPOCH: 47,
  KAFKA_STORAGE_ERROR: 56,
  SASL_AUTHENTICATION_FAILED: 58,
  UNSUPPORTED_COMPRESSION_TYPE: 76,
  GROUP_MAX_SIZE_REACHED: 81,
  INVALID_RECORD: 87,
} as const;
