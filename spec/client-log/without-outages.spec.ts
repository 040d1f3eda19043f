import { type LogEntry, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { withoutOutages } from '../../lib/client-log/without-outages.ts';

it.each([
  ['Connection error: connect ECONNREFUSED 127.0.0.1:9092', false],
  ['Connection timeout', false],
  ['Failed to connect to seed broker, trying another broker from the list: Connection error', false],
  ['Failed to send messages: Closed connection', false],
  ['Response Produce(key: 0, version: 7)', true],
  ['Response Metadata(key: 3, version: 6)', false],
  ['Response SaslAuthenticate(key: 36, version: 1)', false],
  ['SASL PLAIN authentication failed: wrong credentials', false],
  ['SASL SCRAM SHA256 authentication failed: wrong credentials', false],
  ['Response Metadata was odd', true],
  ['Response without match', true],
])('%s: let through: %s', (message, isLetThrough) => {
  const lines: string[] = [];
  const log = withoutOutages(
    () =>
      ({ log: line }) =>
        void lines.push(line.message),
  )(logLevel.ERROR);
  const line = { message, timestamp: '' };
  log({ namespace: 'Connection', level: logLevel.ERROR, label: 'ERROR', log: line } satisfies LogEntry);
  expect(lines).toEqual(isLetThrough ? [message] : []);
});
