// kafkajs refuses an idempotent producer with less than 1 retry (producer/index.js: `retries < 1`). But its retry inside
// a send may succeed after the send was given up here, and the batch would go again under new sequence numbers. NaN
// passes that check, and allows no retry (retry/index.js: `retryCount < retries`).
export const NO_RETRIES: number = Number.NaN;
// What it has to say about that, once a client; the retries are the sender's.
export const LIMITED_RETRIES: string = 'Limiting retries for the idempotent producer';

// How long before a SASL session ends kafkajs authenticates anew, in milliseconds. Its own 10 s
// (network/connection.js, `reauthenticationThreshold`) is at every request where a session is shorter than that, and
// Kafka refuses to begin twice within 1 s (KafkaChannel.java, MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS): nothing would be
// delivered. How long a session is only kafkajs's connection knows. 1 s is enough for a request to arrive; one that comes
// too late costs a closed connection and a retry. So sessions may be as short as 2 s.
export const REAUTHENTICATION_MS: number = 1_000;

type Group<Message, Groups> = (groups: Groups, message: Message, at: number, all: Message[]) => Groups;

/**
 * Messages that all go to one partition, for kafkajs to group them at once. By itself it copies the group anew for each of
 * them (producer/groupMessagesPerPartition.js of 2.2.4: `[...current, message]`): with 500 a send, a tenth of all that it
 * does. A kafkajs that goes about it in another way finds an array like any other.
 */
export function asOneGroup<Message>(messages: Message[]): Message[] {
  const reduce = <Groups extends object>(group: Group<Message, Groups>, none: Groups): Groups =>
    groupAtOnce(messages, group, none, messages);
  return Object.defineProperty(messages, 'reduce', { value: reduce });
}

/**
 * Groups the first message, and puts all of them in its place.
 *
 * @param all what is put in its place
 */
export function groupAtOnce<Message, Groups extends object>(
  [first]: readonly Message[],
  group: Group<Message, Groups>,
  none: Groups,
  all: Message[],
): Groups {
  if (first === undefined) return none;
  const groups = group(none, first, 0, all);
  const [entry] = Object.entries(groups) as [string, unknown][];
  const isGrouped = Array.isArray(entry?.[1]) && entry[1].length === 1 && entry[1][0] === first;
  if (entry === undefined || !isGrouped) return [...all].slice(1).reduce(group as never, groups);
  return Object.assign(groups, { [entry[0]]: all });
}
