// The table of RESULTS.md: each row drives a real winston logger into a real Apache Kafka, while something goes wrong.
import { afterAll, beforeAll } from 'vitest';
import { brokerRows } from './rows/brokers.ts';
import { clientRows } from './rows/clients.ts';
import { endingRows } from './rows/endings.ts';
import { Table } from './rows/table.ts';
import { topicRows } from './rows/topics.ts';
import { RealCluster } from './support/real-cluster.ts';

const cluster = await RealCluster.prepare();
const table = new Table(cluster);

beforeAll(() => cluster.start());

afterAll(async () => {
  await table.write();
  await cluster.stop();
});

brokerRows(table);
clientRows(table);
topicRows(table);
endingRows(table);
