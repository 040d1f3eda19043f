// Reported: records that were dropped reached stderr only as kafkajs's own lines; `warn` is an event that few listen for.
import { expect, it, onTestFinished, vi } from 'vitest';
import { stderrLines } from '../../../lib/client-log/stderr.ts';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { loggerWith, startCluster, transportTo } from '../../support/harness.ts';
import { turn } from './rig.ts';

const AWAY: Partial<KafkaTransportOptions> = { kafka: { brokers: ['127.0.0.1:1'] }, closeTimeoutMs: 50 };

function linesOnStderr(): string[] {
  const lines: string[] = [];
  const print = vi.spyOn(stderrLines, 'print').mockImplementation((line) => void lines.push(line));
  onTestFinished(() => print.mockRestore());
  return lines;
}

function refusing(cluster: BrokerCluster): void {
  const action = { error: ERROR.TOPIC_AUTHORIZATION_FAILED };
  cluster.inject({ api: 'Produce', times: Number.POSITIVE_INFINITY, action });
}

interface Case {
  readonly reason: string;
  readonly options: Partial<KafkaTransportOptions>;
  readonly prepare?: (cluster: BrokerCluster) => void;
  readonly said: RegExp;
}

const CASES: Case[] = [
  {
    reason: 'overflow',
    options: { ...AWAY, buffer: { maxRecords: 3 } },
    said: /the buffer is full: .* Raise buffer\.maxRecords/,
  },
  {
    reason: 'expired',
    options: { ...AWAY, retry: { maxAgeMs: 1, initialMs: 1, maxMs: 5 } },
    said: /older than retry\.maxAgeMs/,
  },
  { reason: 'closed', options: AWAY, said: /closed before Kafka had them/ },
  {
    reason: 'rejected',
    options: {},
    prepare: refusing,
    said: /refuses them for good \(topic "app-logs": .*This user lacks the right to WRITE/,
  },
  {
    reason: 'invalid',
    options: {
      topic: () => {
        throw new Error('no topic today');
      },
    },
    said: /no usable topic/,
  },
  {
    reason: 'oversize',
    options: { buffer: { maxBytes: 1_000 } },
    said: /larger than the broker, or the buffer, takes/,
  },
];

it.each(CASES)(
  '$reason: one line that says so, however many are dropped',
  async ({ reason, options, prepare, said }) => {
    const cluster = await startCluster();
    prepare?.(cluster);
    const lines = linesOnStderr();
    const transport = transportTo(cluster, { dropNotice: false, ...options });
    const logger = loggerWith(transport);
    for (let at = 0; at < 20; at++)
      logger.info(`record ${at} ${options.buffer?.maxBytes ? 'x'.repeat(2_000) : ''}`);
    await transport.flush(100);
    await transport.close();
    await turn();
    await turn();
    const told = lines.filter((line) => said.test(line));
    expect(told).toEqual([
      expect.stringMatching(
        reason === 'closed'
          ? /WARN winston-kafkajs has dropped 20 records: /
          : /WARN winston-kafkajs is dropping records: .*stats\(\)\.dropped counts/,
      ),
    ]);
  },
);

it.each(CASES)('$reason, with a fallback that has them: no line', async ({ options, prepare, said }) => {
  const cluster = await startCluster();
  prepare?.(cluster);
  const lines = linesOnStderr();
  let handedOn = 0;
  const fallback = (): void => {
    handedOn++;
  };
  const transport = transportTo(cluster, { dropNotice: false, fallback, ...options });
  const logger = loggerWith(transport);
  for (let at = 0; at < 20; at++)
    logger.info(`record ${at} ${options.buffer?.maxBytes ? 'x'.repeat(2_000) : ''}`);
  await transport.flush(100);
  await transport.close();
  await turn();
  await turn();
  expect(handedOn).toBe(20);
  expect(lines.filter((line) => said.test(line))).toEqual([]);
});
