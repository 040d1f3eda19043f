/**
 * What options are called elsewhere (winston-kafka-transport, winston-logger-kafka, pino-kafka, kafkajs, librdkafka, the Java
 * client), and what they are called here. A path, or words where there is more to say.
 */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  '"kafka.brokers"': [
    ...['connectionString', 'kafkaHost', 'broker', 'brokerList', 'hosts', 'host', 'servers'],
    ...[
      'bootstrapServers',
      'bootstrapServer',
      'bootstrap.servers',
      'metadata.broker.list',
      'bootstrapBrokers',
    ],
  ],
  '"kafka"': ['clientConfig', 'kafkaConfig', 'kafkaOptions', 'kafkaClient', 'clientOptions', 'connection'],
  '"kafka.clientId"': ['client.id', 'clientID'],
  '"topic"': ['sinkTopic', 'defaultTopic', 'topicName'],
  '"batch.maxRecords" (records) or "batch.maxBytes" (bytes)': ['batchSize', 'batch.size', 'maxBatchSize'],
  '"batch.maxRecords"': ['batchMaxMessages', 'batch.num.messages', 'maxBatchCount'],
  '"batch.lingerMs"': ['flushInterval', 'batchInterval', 'flushMs', 'interval', 'linger', 'linger.ms'],
  '"buffer.maxRecords" (records) or "buffer.maxBytes" (bytes)': [
    ...['bufferSize', 'maxBufferSize', 'queueSize', 'maxQueueSize', 'highWaterMark', 'buffer.memory'],
  ],
  '"requestTimeoutMs"': ['timeout', 'sendTimeout', 'request.timeout.ms'],
  '"retry.maxAgeMs"': ['maxAge', 'message.timeout.ms', 'delivery.timeout.ms'],
  '"key"': ['messageKey', 'keyFn', 'getKey'],
  '"serialize"': ['serializer', 'encoder', 'messageValueEncoder', 'transformer', 'transform'],
  '"format"': ['formatter'],
  '"compression"': ['compression.codec', 'compression.type', 'codec', 'producerRecordCompression'],
  '"idempotent"': ['idempotence', 'enableIdempotence', 'enable.idempotence'],
  '"level" (of the records) or "clientLog.level" (of the Kafka client\'s own lines)': ['logLevel'],
  '"key", "partition", "headers", "acks", "compression" or "idempotent" of the transport itself': [
    ...['producerConfig', 'producerOptions', 'sendOptions'],
  ],
  '"defaultMeta" of the logger, which all its transports get': ['meta', 'metadata'],
};

const MEANT = new Map(
  Object.entries(BROUGHT).flatMap(([here, names]) => names.map((name) => [name.toLowerCase(), here])),
);

/** What to write instead of an option that is not known, where that can be told. */
export function meantBy(name: string): string | undefined {
  if (name === 'options')
    return 'The options are not in a group of that name: write them beside "topic" and "kafka".';
  const here = MEANT.get(name.toLowerCase());
  return here === undefined ? undefined : `Did you mean ${here}?`;
}
