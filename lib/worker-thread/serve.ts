import type { KafkaConfig, LogEntry } from 'kafkajs';
import { type DeliveryClient, GIVEN_UP } from '../clients/client.ts';
import { type KafkajsClientOptions, kafkajsSource } from '../clients/kafkajs/kafkajs-client.ts';
import { checkCodec, importAll, loadKafkaConfig } from '../clients/worker/kafka-module.ts';
import type { Order, Report, WorkerStart } from '../clients/worker/messages.ts';
import { toWire } from '../clients/worker/wire-error.ts';
import { messageOf } from '../errors.ts';
import { drainOnExit } from './drain-on-exit.ts';
import { ReceivedBatch } from './received-batch.ts';

/**
 * The worker's side: Kafka clients for a sender in another thread.
 *
 * @returns what reports to that thread
 */
export function serve({
  port,
  reports,
  kafkaModule,
  imports,
  ...settings
}: WorkerStart): (what: Report) => void {
  const clients = new Map<number, DeliveryClient>();
  /** The latest client that is done with: it may still be waiting for its configuration. */
  let killed = 0;

  const report = (what: Report): void => {
    port.postMessage(what);
    Atomics.add(reports, 0, 1);
    Atomics.notify(reports, 0);
  };
  const log = (entry: LogEntry): void => report({ kind: 'line', entry: portable(entry) });
  const options: KafkajsClientOptions = {
    ...settings,
    kafka: { brokers: [] },
    logCreator: () => log,
    random: Math.random,
    onPath: (path) => report({ kind: 'path', path }),
    onThrottle: (ms) => report({ kind: 'throttle', ms }),
    onPartitions: (topic, count, writable) => report({ kind: 'partitions', topic, count, writable }),
  };
  const source = kafkajsSource(options);

  /** For the clients that are made next. */
  const configure = async (given: KafkaConfig | undefined): Promise<void> => {
    await importAll(imports);
    const kafka = given ?? (await loadKafkaConfig(kafkaModule ?? ''));
    checkCodec(settings.compression);
    options.kafka = kafka;
    options.logCreator = kafka.logCreator ?? options.logCreator;
  };

  const connect = async (number: number, kafka: KafkaConfig | undefined): Promise<void> => {
    await configure(kafka);
    if (number <= killed) throw new Error(GIVEN_UP);
    const client = source.make();
    clients.set(number, client);
    await client.connect();
  };

  const clientOf = (number: number): DeliveryClient => {
    const client = clients.get(number);
    if (client === undefined) throw new Error('this client is not connected');
    return client;
  };

  const carryOut = async (order: Order): Promise<unknown> => {
    switch (order.kind) {
      case 'connect':
        return await connect(order.client, order.kafka);
      case 'send': {
        const onBound = (partition: number): void => report({ kind: 'bound', call: order.call, partition });
        return await clientOf(order.client).send(new ReceivedBatch(order.batch, onBound));
      }
      case 'renew':
        return await clientOf(order.client).renew?.();
      case 'close':
        return await clients.get(order.client)?.close();
      case 'kill':
        killed = order.client;
        clients.get(order.client)?.kill();
        clients.delete(order.client);
        return;
      case 'ship':
        // What they have under way goes again.
        for (const client of clients.values()) client.kill();
        await configure(order.kafka);
        await drainOnExit(order.drain, { ...settings, options, report });
    }
  };

  port.on('message', (order: Order) => {
    carryOut(order).then(
      (answer) => report({ kind: 'done', call: order.call, answer }),
      (error) => report({ kind: 'failed', call: order.call, error: toWire(error) }),
    );
  });
  return report;
}

/** A line without what cannot leave this thread. Of that, only an error's text is worth anything. */
function portable({ namespace, level, label, log }: LogEntry): LogEntry {
  const { timestamp, message } = log;
  const copy: LogEntry['log'] = { timestamp, message: String(message) };
  for (const [name, value] of Object.entries(log)) {
    if (value instanceof Error) copy[name] = messageOf(value);
    else if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
      copy[name] = value;
  }
  return { namespace, level, label, log: copy };
}
