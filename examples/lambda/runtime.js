// What AWS Lambda does, to try the handler by hand: one event per line of stdin, one answer per line of stdout.
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { handler } from './handler.js';

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await handler(JSON.parse(line), { awsRequestId: randomUUID() })));
}
