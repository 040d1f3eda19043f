/** What a broker answers that does not have the topic, or does not have the partition. */
export const UNKNOWN_TOPIC_OR_PARTITION = { code: 3, type: 'UNKNOWN_TOPIC_OR_PARTITION' } as const;

/** Whether an error of a client, whichever it is, says so. */
export function isUnknownTopic(error: { readonly type?: unknown; readonly code?: unknown }): boolean {
  return error.code === UNKNOWN_TOPIC_OR_PARTITION.code || error.type === UNKNOWN_TOPIC_OR_PARTITION.type;
}
