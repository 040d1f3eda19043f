// The in-process Kafka stand-in (for specs and the demo; it is not a broker) as a process of its own:
//   npx tsx testing/broker/main.ts --brokers 1 --topic app-logs:4 [--auto-create 4] [--max-message-bytes n]
// Prints {"brokers":["127.0.0.1:port"]} when ready. SIGTERM, SIGINT or the end of stdin stop it; then it prints
// {"stored":{"app-logs":n}}, so that a benchmark can compare.
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BrokerCluster, type BrokerClusterOptions } from './broker-cluster.ts';

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: '1' },
    topic: { type: 'string', multiple: true, default: [] },
    'auto-create': { type: 'string', default: '0' },
    'max-message-bytes': { type: 'string' },
  },
});

function numberOf(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new TypeError(`--${option} is not a number: ${text}`);
  return number;
}

function topicOf(text: string): [string, number] {
  const [name = '', partitions = '1'] = text.split(':');
  return [name, numberOf(partitions, 'topic')];
}

const maxMessageBytes = values['max-message-bytes'];
const options: BrokerClusterOptions = {
  brokers: numberOf(values.brokers, 'brokers'),
  topics: Object.fromEntries(values.topic.map(topicOf)),
  autoCreate: numberOf(values['auto-create'], 'auto-create'),
  ...(maxMessageBytes === undefined
    ? {}
    : { maxMessageBytes: numberOf(maxMessageBytes, 'max-message-bytes') }),
};

const cluster = await BrokerCluster.start(options);
let isStopping = false;

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  process.stdin.destroy();
  await cluster.stop();
  const stored = cluster.topics().map((topic) => [topic, cluster.count(topic)]);
  process.stdout.write(`${JSON.stringify({ stored: Object.fromEntries(stored) })}\n`);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);

// Only a pipe, a socket or a terminal belongs to a parent that can close it: /dev/null has ended from the start.
const stdin = fstatSync(0);
if (stdin.isFIFO() || stdin.isSocket() || process.stdin.isTTY) process.stdin.on('end', stop).resume();

process.stdout.write(`${JSON.stringify({ brokers: cluster.addresses })}\n`);
