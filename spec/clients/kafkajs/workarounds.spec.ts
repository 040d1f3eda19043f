// The lines of kafkajs that lib/clients/kafkajs goes by, though they are nobody's promise. Where one of these fails, the comment
// that quotes it says what hangs on it; what our side of it does is shown in the files beside this one.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

const { resolve } = createRequire(import.meta.url);

it.each([
  ['NO_RETRIES', 'producer/index.js', 'if (idempotent && retry.retries < 1) {'],
  ['NO_RETRIES', 'retry/index.js', 'const shouldRetry = retryCount < retries'],
  ['LIMITED_RETRIES', 'producer/index.js', "logger.warn('Limiting retries for the idempotent producer"],
  ['REAUTHENTICATION_MS', 'network/connection.js', 'reauthenticationThreshold = 10000,'],
  ['asOneGroup', 'producer/groupMessagesPerPartition.js', 'return messages.reduce((result, message) => {'],
  ['asOneGroup', 'producer/groupMessagesPerPartition.js', '[...current, message]'],
  ['defaultSocket', 'network/socketFactory.js', 'const KEEP_ALIVE_DELAY = 60000'],
  ['defaultSocket', 'network/socketFactory.js', '!net.isIP(host) ? { servername: host } : {}, ssl)'],
  ['unrefOnce', 'network/connection.js', 'this.socket.unref()'],
  ['withoutPolling', 'network/requestQueue/index.js', 'this.throttleCheckTimeoutId = setTimeout(() => {'],
  ['destroyWhereUnreadable', 'network/connection.js', 'const correlationId = response.readInt32()'],
  ['destroyWhereUnreadable', 'network/socket.js', "socket.on('data', onData)"],
  ['destroyWhereUnreadable', 'protocol/decoder.js', 'this.buffer.readInt32BE(this.offset)'],
  ['loadAheadUnderJest', 'protocol/requests/produce/index.js', "require('./v7/request')"],
  ['splittable', 'cluster/connectionPoolBuilder.js', "randomBroker.split(':')[0]"],
  ['interceptBrokers', 'index.js', "CREATE_CLUSTER: Symbol('private:Kafka:createCluster')"],
  ['interceptBrokers', 'index.js', 'const cluster = this[PRIVATE.CREATE_CLUSTER]({'],
  ['interceptBrokers', 'cluster/brokerPool.js', 'this.createBroker = options =>'],
  ['interceptPools', 'cluster/connectionPoolBuilder.js', 'build: async ({ host, port, rack } = {}) => {'],
  ['interceptPools', 'cluster/index.js', 'this.connectionPoolBuilder = connectionPoolBuilder({'],
  [
    'interceptPools',
    'cluster/brokerPool.js',
    'broker.connectionPool = await this.connectionPoolBuilder.build({',
  ],
  ['forgetPartialAnswers', 'network/connectionPool.js', 'this.pool = new Array(2)'],
  ['forgetPartialAnswers', 'network/connection.js', 'this.chunks = []'],
  ['forgetPartialAnswers', 'network/connection.js', 'this.bytesNeeded = Decoder.int32Size()'],
  ['interceptProduce', 'cluster/brokerPool.js', 'versions: this.versions,'],
  ['interceptProduce', 'broker/index.js', "SEND_REQUEST: Symbol('private:Broker:sendRequest')"],
  ['interceptProduce', 'broker/index.js', 'if (!this.versions) {'],
  ['interceptProduce', 'broker/index.js', "throw new Error('Broker not connected')"],
  ['interceptProduce', 'cluster/brokerPool.js', 'if (broker.isConnected()) {'],
  ['interceptProduce', 'broker/index.js', 'async produce({'],
  ['interceptProduce', 'producer/sendMessages.js', 'response = await broker.produce({'],
  [
    'tellLeaderless',
    'protocol/requests/metadata/v0/response.js',
    'filter(partition => failure(partition.partitionErrorCode))',
  ],
  ['keepTopicErrorsApart', 'protocol/requests/metadata/v0/response.js', '= topicsWithErrors[0]'],
  ['keepTopicErrorsApart', 'cluster/index.js', 'refreshMetadata(Array.from(this.targetTopics))'],
  ['keepTopicErrorsApart', 'cluster/index.js', 'return this.addMultipleTargetTopics([topic])'],
  ['keepTopicErrorsApart', 'cluster/index.js', 'this.targetTopics = previousTopics'],
  ['keepTopicErrorsApart', 'cluster/index.js', 'return topicMetadata ? topicMetadata.partitionMetadata : []'],
  ['keepTopicErrorsApart', 'producer/sendMessages.js', 'await cluster.addMultipleTargetTopics(topics)'],
  ['keepTopicErrorsApart', 'producer/sendMessages.js', 'cluster.findTopicPartitionMetadata(topic)'],
  ['sendOwn', 'protocol/encoder.js', '!Buffer.isBuffer(value.buf)'],
  [
    'sendOwn',
    'network/connection.js',
    'this.requestQueue.maybeThrottle(payloadDecoded.clientSideThrottleTime)',
  ],
  ['sendOwn', 'broker/index.js', 'return await this.connectionPool.send(protocolRequest)'],
  ['sendOwn', 'network/connectionPool.js', 'await this.getConnectionByRequest(protocolRequest)'],
  ['sendOwn', 'network/connection.js', 'const correlationId = this.nextCorrelationId()'],
  ['sendOwn', 'network/connection.js', 'this.requestQueue.push({'],
  ['sendOwn', 'network/connection.js', "this.socket.write(requestPayload.buffer, 'binary')"],
  ['sendOwn', 'network/requestQueue/index.js', 'pushedRequest.sendRequest()'],
  ['sendOwn', 'protocol/request.js', '.writeEncoder(payload)'],
  ['sendOwn', 'protocol/encoder.js', 'const newBuffer = Buffer.alloc(newLength)'],
  ['lazyMessages', 'producer/messageProducer.js', 'messages.find(message => message.value === undefined)'],
  ['lazyMessages', 'producer/sendMessages.js', 'entry.messages.length'],
  ['UnwrittenSends', 'producer/sendMessages.js', 'if (!cluster.isConnected()) {'],
])('what %s is for still stands in kafkajs, in %s: %s', (_name, file, line) => {
  const lines = readFileSync(resolve(`kafkajs/src/${file}`), 'utf8').split('\n');
  expect(lines.filter((each) => each.includes(line))).not.toEqual([]);
});
