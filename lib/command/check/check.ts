import { type KafkaConfig, KafkaInspector } from '../../clients/kafkajs/inspector.ts';
import type { Screen } from '../screen.ts';
import { checkConnections, checkNames, checkTls } from './check-network.ts';
import { checkRecord } from './check-record.ts';
import { checkBrokers, checkSession, checkTopic } from './check-topic.ts';
import { StepFailure, Steps } from './steps.ts';

export interface CheckOptions {
  readonly kafka: KafkaConfig;
  readonly topic: string;
  readonly isJson: boolean | undefined;
  /** Whether a record may be written. */
  readonly writes: boolean;
  /** Limit of one step. */
  readonly timeoutMs: number;
  /** Aborted by Ctrl-C: no step begins after that. */
  readonly signal: AbortSignal;
  now(): number;
}

/** Tries what the transport will need, one thing after another, up to the first that fails. @returns the exit code */
export async function check(options: CheckOptions, screen: Screen): Promise<number> {
  const { topic, isJson, timeoutMs, signal } = options;
  const steps = new Steps(isJson ? undefined : screen, timeoutMs, signal);
  try {
    await run(steps, options);
  } catch (error) {
    if (error instanceof StepFailure && !signal.aborted) steps.fail(error);
    else if (!signal.aborted) throw error;
  }
  const isOk = !signal.aborted && steps.all.every(({ status }) => status !== 'failed');
  if (isJson) screen.json({ ok: isOk, topic, steps: steps.all });
  else if (isOk) screen.line('\nThe transport can work with this.');
  else screen.line(`\n${signal.aborted ? 'Interrupted' : 'A step failed'}; those after it were not tried.`);
  return isOk ? 0 : 1;
}

async function run(steps: Steps, options: CheckOptions): Promise<void> {
  const { topic, writes, timeoutMs: ms, now } = options;
  const { brokers } = options.kafka;
  // A function has been asked already: see kafka-config.ts.
  const named = await checkNames(steps, Array.isArray(brokers) ? brokers : []);
  const reached = await checkConnections(steps, named);
  // Without retries kafkajs tries the first one only.
  const kafka = { connectionTimeout: ms, requestTimeout: ms, ...options.kafka, brokers: reached };
  await checkTls(steps, reached, kafka.ssl);
  const inspector = new KafkaInspector(kafka, 0);
  try {
    await checkSession(steps, inspector, kafka);
    await checkBrokers(steps, inspector, ms);
    const partition = await checkTopic(steps, inspector, topic);
    if (writes) await checkRecord(steps, { kafka, inspector, topic, partition, now });
  } finally {
    await inspector.close();
  }
}
