// How many files and functions of lib one record passes through, after others have gone before it:
//   npx tsx testing/record-path/main.ts
import { once } from 'node:events';
import winston from 'winston';
import { KafkaTransport } from '../../lib/index.ts';
import { busiestFirst, CallCounts, type FileCalls } from './call-counts.ts';

const ROOT = new URL('../../', import.meta.url).href;
const WARM_UP = 3;

// The stand-in stood elsewhere before the rooms of lib were made: the variable says where, so that both trees can be measured.
const { BrokerCluster } = await import(process.env.BROKER_CLUSTER ?? '../broker/broker-cluster.ts');

const cluster = await BrokerCluster.start({ topics: { 'app-logs': 1 } });
const transport = new KafkaTransport({ topic: 'app-logs', kafka: { brokers: cluster.addresses } });
const logger = winston.createLogger({ transports: [transport] });

for (let at = 0; at < WARM_UP; at++) {
  const delivered = once(transport, 'logged');
  logger.info('before');
  await delivered;
}

const counts = new CallCounts(`${ROOT}lib/`);
const delivered = once(transport, 'logged');
counts.take();
logger.info('the one that counts');
const inCall = counts.take();
await delivered;
const after = counts.take();
counts.stop();

print('inside logger.info', inCall);
print('from there to the event `logged`', after);
print('both', together(inCall, after));

await transport.close();
await cluster.stop();

/** A function that ran in both parts counts once, its calls add up. */
function together(...parts: readonly FileCalls[][]): FileCalls[] {
  const byPath = new Map<string, FileCalls>();
  for (const { path, functions, calls } of parts.flat()) {
    const before = byPath.get(path) ?? { functions: [], calls: 0 };
    const all = [...new Set([...before.functions, ...functions])];
    byPath.set(path, { path, functions: all, calls: before.calls + calls });
  }
  return [...byPath.values()].sort(busiestFirst);
}

function print(title: string, files: readonly FileCalls[]): void {
  const rows = files.map(({ path, functions, calls }) => row(path, functions.length, calls));
  const functions = files.reduce((sum, file) => sum + file.functions.length, 0);
  const calls = files.reduce((sum, file) => sum + file.calls, 0);
  const total = row(`${files.length} files`, functions, calls);
  process.stdout.write([title, row('file', 'functions', 'calls'), ...rows, total, '', ''].join('\n'));
}

function row(path: string, functions: number | string, calls: number | string): string {
  return `  ${path.padEnd(44)}${String(functions).padStart(10)}${String(calls).padStart(8)}`;
}
