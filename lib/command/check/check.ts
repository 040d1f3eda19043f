import { type KafkaConfig, KafkaInspector } from '../../clients/kafkajs/inspector.ts';
import type { Screen } from '../screen.ts';
import { checkConnections, checkNames, checkTls } from './check-network.ts';
import { checkRecord } from './check-record.ts';
import { checkBrokers, checkSession, checkTopic } from './check-topic.ts';
import { StepFailure, Steps } from './steps.ts';

export interface CheckOptions {
  readonly kafka: KafkaConfig;
  readonly topic: string;
  readonly isJson: boolean;
  /** Whether a record may be written. */
  readonly writes: boolean;
  /** Limit of one step. */
  readonly timeoutMs: number;
  now(): number;
}

/** Tries what the transport will need, one thing after another, up to the first that fails. @returns the exit code */
export async function check(options: CheckOptions, screen: Screen): Promise<number> {
  const steps = new Steps(options.isJson ? undefined : screen);
  try {
    await run(steps, options);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    steps.fail(error);
  }
  const isOk = !steps.hasFailed;
  if (options.isJson)
    screen.line(JSON.stringify({ ok: isOk, topic: options.topic, steps: steps.all }, null, 2));
  else
    screen.line(
      isOk ? '\nThe transport can work with this.' : '\nA step failed; those after it were not tried.',
    );
  return isOk ? 0 : 1;
}

async function run(steps: Steps, options: CheckOptions): Promise<void> {
  const { topic, writes, timeoutMs: ms, now } = options;
  const { brokers } = options.kafka;
  // A function has been asked already: see kafka-config.ts.
  const named = await checkNames(steps, Array.isArray(brokers) ? brokers : [], ms);
  const reached = await checkConnections(steps, named, ms);
  // Without retries kafkajs tries the first one only.
  const kafka = { connectionTimeout: ms, requestTimeout: ms, ...options.kafka, brokers: reached };
  await checkTls(steps, reached, kafka.ssl, ms);
  const inspector = new KafkaInspector(kafka, 0);
  try {
    await checkSession(steps, inspector, kafka, ms);
    await checkBrokers(steps, inspector, ms);
    const partition = await checkTopic(steps, inspector, topic, ms);
    if (writes) await checkRecord(steps, { kafka, inspector, topic, partition, ms, now });
  } finally {
    await inspector.close();
  }
}
