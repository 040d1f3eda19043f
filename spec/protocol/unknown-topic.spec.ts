import { expect, it } from 'vitest';
import { isUnknownTopic } from '../../lib/protocol/unknown-topic.ts';

it.each([
  [{ type: 'UNKNOWN_TOPIC_OR_PARTITION' }, true],
  // librdkafka has names of its own.
  [{ type: 'ERR_UNKNOWN_TOPIC_OR_PART', code: 3 }, true],
  [{ type: 'LEADER_NOT_AVAILABLE', code: 5 }, false],
  [{}, false],
])('%j says that the topic is not there: %s', (error, expected) => {
  expect(isUnknownTopic(error)).toBe(expected);
});
