import type { KafkaConfig, KafkaInspector, PartitionMetadata } from '../../clients/kafkajs/inspector.ts';
import { messageOf } from '../../errors.ts';
import { isUnknownTopic } from '../../protocol/unknown-topic.ts';
import { rootCause } from '../../util/root-cause.ts';
import { certificateAt, checkAdvertised, notReached, shown } from './check-network.ts';
import { StepFailure, type Steps } from './steps.ts';

/** The transport's default of `batch.maxBytes`. */
export const BATCH_BYTES: number = 524_288;

interface TopicSettings {
  readonly minInSync?: number;
  readonly maxBytes?: number;
  /** Why one of them is not there. */
  readonly whyUnknown: string;
}

/** Up to the first answer, and through SASL where it is configured. */
export async function checkSession(
  steps: Steps,
  inspector: KafkaInspector,
  { sasl, ssl, brokers }: KafkaConfig,
): Promise<void> {
  const mechanism = sasl?.mechanism;
  try {
    await steps.within('waiting for the first answer', () => inspector.connect());
  } catch (error) {
    const isAnswered = inspector.answered.has('ApiVersions');
    if (isAnswered) addVersions(steps);
    if (isAnswered && mechanism !== undefined) throw saslFailure(error, mechanism);
    const [broker] = Array.isArray(brokers) ? brokers : [];
    const isPlain = !isAnswered && !ssl && broker !== undefined;
    throw sessionFailure(error, isPlain ? await certificateAt(steps, broker) : undefined);
  }
  addVersions(steps);
  if (mechanism === undefined) await checkNoSasl(steps, inspector);
  else steps.ok('sasl', `authenticated by ${mechanism.toUpperCase()}`);
}

const LISTING = 'asking for the list of brokers';

/** A listener that asks for SASL answers without only which versions it speaks, and closes the connection at the next request. */
async function checkNoSasl(steps: Steps, inspector: KafkaInspector): Promise<void> {
  try {
    await steps.within(LISTING, () => inspector.brokers());
  } catch (error) {
    const isAnswered = inspector.answered.has('Metadata');
    // What else may be wrong with them is a step of its own.
    if (!isAnswered) throw new StepFailure('sasl', messageOf(error), NO_SASL_ADVICE);
  }
  steps.skip('sasl', 'not configured');
}

const NO_SASL_ADVICE =
  'A listener that asks for SASL closes the connection here: set sasl (KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM), or take the port of a listener without SASL.';

function addVersions(steps: Steps): void {
  steps.ok('api versions', "the broker speaks Kafka's protocol");
}

function sessionFailure(error: unknown, certificate: string | undefined): StepFailure {
  const message = messageOf(error);
  if (certificate !== undefined) {
    const advice = 'Set ssl (KAFKA_SSL=true or --ssl), or take the port of a PLAINTEXT listener.';
    return new StepFailure('api versions', `the port speaks TLS (${certificate}): ${message}`, advice);
  }
  const advice =
    'Is this a listener of Kafka? One that asks for SASL closes connections without: compare its listeners with this configuration.';
  return new StepFailure('api versions', message, advice);
}

function saslFailure(error: unknown, mechanism: string): StepFailure {
  const message = messageOf(error);
  return new StepFailure('sasl', message, saslAdvice(message, String(rootCause(error).type), mechanism));
}

function saslAdvice(message: string, type: string, mechanism: string): string {
  if (type === 'ILLEGAL_SASL_STATE')
    return 'The listener has no SASL: leave sasl out (KAFKA_SASL_USERNAME), or take the port of a listener with SASL.';
  if (/not support.*mechanism|mechanism is not supported/.test(message))
    return `The broker does not offer ${mechanism.toUpperCase()}: use one of its sasl.enabled.mechanisms.`;
  return 'Check the user name, the password and the mechanism.';
}

/** Asks for the brokers' own addresses, and tries them. */
export async function checkBrokers(steps: Steps, inspector: KafkaInspector, ms: number): Promise<void> {
  const brokers = await steps
    .within(LISTING, () => inspector.brokers(), 2 * ms)
    .catch((error) => {
      throw notReached(messageOf(error));
    });
  await checkAdvertised(steps, brokers.map(shown));
}

/** @returns the partition that a record can be written to */
export async function checkTopic(
  steps: Steps,
  inspector: KafkaInspector,
  topic: string,
): Promise<PartitionMetadata> {
  const asking = 'asking for the metadata of the topic';
  const partitions = await steps
    .within(asking, () => inspector.partitions(topic))
    .catch((error) => {
      throw topicFailure(topic, error);
    });
  steps.ok('topic', `${topic} exists`);
  const headless = partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => partitionId);
  const [first] = partitions.filter(({ leader }) => leader >= 0);
  const detail = `${partitions.length}, of which ${partitions.length - headless.length} have a leader`;
  if (first === undefined || headless.length > 0)
    throw new StepFailure('partitions', `${detail} (not ${headless.join(', ')})`, LEADER_ADVICE);
  steps.ok('partitions', detail);
  const settings = await settingsOf(steps, inspector, topic);
  checkReplicas(steps, partitions, settings);
  checkSize(steps, settings);
  return first;
}

const LEADER_ADVICE =
  'Until each of its partitions has a leader, records of some keys wait: look for brokers that are down.';

/** What a failed request for a topic means, and what to do about it. */
export function topicFailure(topic: string, error: unknown): StepFailure {
  const cause = rootCause(error);
  if (isUnknownTopic(cause))
    return new StepFailure('topic', `there is no topic ${topic}`, 'Create it, or check its name.');
  if (cause.type === 'TOPIC_AUTHORIZATION_FAILED')
    return new StepFailure(
      'topic',
      messageOf(error),
      `Give this user the Describe and Write rights (ACL) for ${topic}. Without them, a broker does not tell whether it exists.`,
    );
  if (cause.type === 'LEADER_NOT_AVAILABLE')
    return new StepFailure('partitions', messageOf(error), LEADER_ADVICE);
  return new StepFailure(
    'topic',
    messageOf(error),
    'Check the name of the topic, and the state of the cluster.',
  );
}

async function settingsOf(steps: Steps, inspector: KafkaInspector, topic: string): Promise<TopicSettings> {
  try {
    const names = ['min.insync.replicas', 'max.message.bytes'];
    const found = await steps.within('asking for the settings of the topic', () =>
      inspector.settings(topic, names),
    );
    const [minInSync = Number.NaN, maxBytes = Number.NaN] = names.map((name) =>
      Number.parseInt(found.get(name) ?? '', 10),
    );
    return {
      ...(!Number.isNaN(minInSync) && { minInSync }),
      ...(!Number.isNaN(maxBytes) && { maxBytes }),
      whyUnknown: 'the broker does not tell this setting of the topic',
    };
  } catch (error) {
    // The transport needs no right to read them.
    const isForbidden = /AUTHORIZATION_FAILED/.test(String(rootCause(error).type));
    return {
      whyUnknown: isForbidden
        ? 'this user may not read the settings of the topic (DescribeConfigs)'
        : `the settings of the topic cannot be read: ${messageOf(error)}`,
    };
  }
}

function checkReplicas(
  steps: Steps,
  partitions: readonly PartitionMetadata[],
  { minInSync, whyUnknown }: TopicSettings,
): void {
  const name = 'in-sync replicas';
  const counts = partitions.map(({ isr, replicas }) => ({ inSync: isr.length, replicas: replicas.length }));
  const least = Math.min(...counts.map(({ inSync }) => inSync));
  if (minInSync === undefined) {
    steps.skip(name, `${least} at least; ${whyUnknown}`);
    return;
  }
  // Kafka 4 asks for no more than a partition has.
  const few = partitions.filter(({ isr, replicas }) => isr.length < Math.min(minInSync, replicas.length));
  if (few.length > 0) throw tooFewReplicas(few, minInSync);
  const detail = `${least} at least, min.insync.replicas is ${minInSync}`;
  if (counts.some(({ replicas }) => replicas < minInSync)) {
    steps.warn(name, detail, NEVER_ENOUGH_ADVICE);
    return;
  }
  const behind = counts.filter(({ inSync, replicas }) => inSync < replicas).length;
  if (behind === 0) steps.ok(name, detail);
  else {
    const advice = `In ${behind} of the partitions replicas are not in sync: look for brokers that are down or slow.`;
    steps.warn(name, detail, advice);
  }
}

function tooFewReplicas(few: readonly PartitionMetadata[], minInSync: number): StepFailure {
  const shown = few.map(({ partitionId, isr }) => `partition ${partitionId} has ${isr.length}`).slice(0, 5);
  const detail = `${shown.join(', ')}, min.insync.replicas is ${minInSync}`;
  return new StepFailure('in-sync replicas', detail, REPLICAS_ADVICE);
}

const NEVER_ENOUGH_ADVICE =
  'The topic has fewer replicas than that. Kafka 4 then asks for all of them, an older one may refuse every record: add replicas, or lower min.insync.replicas.';

export const REPLICAS_ADVICE =
  'The broker refuses records until there are enough: bring its replicas back, or lower min.insync.replicas.';

function checkSize(steps: Steps, { maxBytes, whyUnknown }: TopicSettings): void {
  const name = 'size limit';
  if (maxBytes === undefined) {
    steps.skip(name, whyUnknown);
    return;
  }
  const detail = `max.message.bytes is ${maxBytes}, batches have up to ${BATCH_BYTES} bytes (batch.maxBytes)`;
  if (maxBytes < BATCH_BYTES)
    throw new StepFailure(
      name,
      detail,
      `Set batch.maxBytes below ${maxBytes}, or raise max.message.bytes of the topic.`,
    );
  steps.ok(name, detail);
}
