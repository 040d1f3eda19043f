// Rows of RESULTS.md: a real winston logger logs into a real Apache Kafka while the network fails, topics change, and processes end.
import { clientRows } from './rows/clients.ts';
import { endingRows } from './rows/endings.ts';
import { Table } from './rows/table.ts';
import { topicRows } from './rows/topics.ts';

await Table.of('Faults of connections, topics and processes', (table) => {
  clientRows(table);
  topicRows(table);
  endingRows(table);
});
