// Kafka's own rule (org.apache.kafka.common.internals.Topic): up to 249 of these, and not a path.
const LEGAL = /^[a-zA-Z0-9._-]{1,249}$/;

/** Whether Kafka accepts this as the name of a topic. */
export function isTopicName(value: unknown): value is string {
  return typeof value === 'string' && LEGAL.test(value) && value !== '.' && value !== '..';
}

export const TOPIC_NAME_RULE = 'a topic name: 1 to 249 of the characters a-z, A-Z, 0-9, ".", "_" and "-"';
