import {
  type KafkaConfig,
  KafkaInspector,
  type PartitionMetadata,
  type ReadRecord,
} from '../../clients/kafkajs/inspector.ts';
import { messageOf } from '../../errors.ts';
import { systemClock } from '../../time/clock.ts';
import { rootCause } from '../../util/root-cause.ts';
import { REPLICAS_ADVICE } from './check-topic.ts';
import { StepFailure, type StepName, type Steps } from './steps.ts';

// A broker may wait for more members of a group before it begins (group.initial.rebalance.delay.ms: 3 s).
const JOIN_MS = 15_000;
// More than this apart, times in the topic mislead whoever reads them.
const CLOCK_MS = 5_000;
const RETRIES = 5;

export interface RecordCheck {
  readonly kafka: KafkaConfig;
  readonly inspector: KafkaInspector;
  readonly topic: string;
  readonly partition: PartitionMetadata;
  /** This machine's time. */
  now(): number;
}

/** Writes a record and reads it back: what no question to the broker can tell. */
export async function checkRecord(steps: Steps, check: RecordCheck): Promise<void> {
  const {
    kafka,
    inspector,
    topic,
    partition: { partitionId: partition },
    now,
  } = check;
  const value = JSON.stringify({
    level: 'info',
    message: 'winston-kafkajs check: a test record, which can be ignored',
    id: `${process.pid}-${now()}`,
  });
  const reader = new KafkaInspector(kafka, RETRIES);
  try {
    const reading = await startReading(steps, reader, topic, value);
    const begun = systemClock.monotonic();
    const sentAt = now();
    const write = (): Promise<number | undefined> => inspector.write(topic, partition, value, sentAt);
    const brokerTime = await steps.within('waiting for the acknowledgement', write).catch((error) => {
      throw writeFailure(topic, error);
    });
    const took = Math.round(systemClock.monotonic() - begun);
    const version = inspector.answered.get('Produce');
    const detail = `a record of ${value.length} bytes in partition ${partition}, acknowledged after ${took} ms (Produce v${version})`;
    steps.ok('write', detail);
    checkClock(steps, brokerTime, sentAt);
    await checkReading(steps, reading, begun);
  } finally {
    await reader.close();
  }
}

type Reading = { readonly arrived: Promise<ReadRecord> } | { readonly problem: unknown };

async function startReading(
  steps: Steps,
  reader: KafkaInspector,
  topic: string,
  value: string,
): Promise<Reading> {
  try {
    await steps.within('connecting', () => reader.connect(), JOIN_MS);
    const from = await steps.within('asking for offsets', () => reader.ends(topic), JOIN_MS);
    let joining: Promise<void> | undefined;
    const arrived = new Promise<ReadRecord>((resolve, reject) => {
      joining = reader.read({
        topic,
        from,
        onRecord: (record) => {
          if (record.value === value) resolve(record);
        },
        onPosition: () => undefined,
        onFailure: reject,
      });
    });
    await steps.within('joining a group', () => Promise.race([joining, arrived]), JOIN_MS);
    return { arrived };
  } catch (problem) {
    return { problem };
  }
}

async function checkReading(steps: Steps, reading: Reading, begun: number): Promise<void> {
  const name = 'read back';
  try {
    if ('problem' in reading) throw reading.problem;
    const { offset } = await steps.within('reading the record', () => reading.arrived, JOIN_MS);
    const took = Math.round(systemClock.monotonic() - begun);
    steps.ok(name, `offset ${offset}, ${took} ms after it was sent`);
  } catch (error) {
    const advice =
      'The transport does not read, so this is no obstacle. To try it, give this user Read rights for the topic and for groups that begin with winston-kafkajs-.';
    steps.warn(name, messageOf(error), advice);
  }
}

function checkClock(steps: Steps, brokerTime: number | undefined, sentAt: number): void {
  const name = 'clock';
  if (brokerTime === undefined) {
    steps.ok(name, "the broker takes this machine's time");
    return;
  }
  const ahead = sentAt - brokerTime;
  const detail = `this machine's is ${Math.abs(ahead)} ms ${ahead < 0 ? 'behind' : 'ahead of'} the broker's`;
  if (Math.abs(ahead) <= CLOCK_MS) steps.ok(name, detail);
  else steps.warn(name, detail, CLOCK_ADVICE);
}

const CLOCK_ADVICE = 'Set the clocks of this machine and of the brokers by NTP.';

const WRITE_FAILURES: Readonly<Record<string, readonly [StepName, string]>> = {
  INVALID_TIMESTAMP: ['clock', `The broker refuses a record with this machine's time. ${CLOCK_ADVICE}`],
  NOT_ENOUGH_REPLICAS: ['in-sync replicas', REPLICAS_ADVICE],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: ['in-sync replicas', REPLICAS_ADVICE],
  MESSAGE_TOO_LARGE: ['size limit', 'Raise max.message.bytes of the topic, and set batch.maxBytes below it.'],
  INVALID_RECORD: [
    'write',
    'Is the topic compacted (cleanup.policy=compact)? Then each record needs a key: set the option "key".',
  ],
};

function writeFailure(topic: string, error: unknown): StepFailure {
  const type = String(rootCause(error).type);
  const message = messageOf(error);
  if (/AUTHORIZATION_FAILED/.test(type))
    return new StepFailure('write', message, `Give this user the Write right (ACL) for the topic ${topic}.`);
  const [step, advice] = WRITE_FAILURES[type] ?? ['write', "Look into the broker's log for the reason."];
  return new StepFailure(step, message, advice);
}
