// Rows of RESULTS.md: a real winston logger logs into a real Apache Kafka while brokers die, restart, freeze and are away.
import { brokerRows } from './rows/brokers.ts';
import { Table } from './rows/table.ts';

await Table.of('Faults of brokers', brokerRows);
