import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Exit, runExample, SUCCESS, start } from './example.ts';
import { logged, ordersIn, startBroker, upTo } from './topic.ts';

const EXITS: readonly (readonly [example: string, exit: Exit])[] = [
  ['express', SUCCESS],
  ['fastify', SUCCESS],
  // Nest raises the signal again.
  ['nestjs', { code: null, signal: 'SIGTERM' }],
];

/** Posts an order but for the end of its body. Resolves when that is sent. */
async function beginOrder(port: number, order: number): Promise<{ posting: ClientRequest; rest: string }> {
  const body = JSON.stringify({ order });
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const posting = request({
    host: 'localhost',
    port,
    path: '/orders',
    method: 'POST',
    headers,
    agent: false,
  });
  await new Promise((resolve) => posting.write(body.slice(0, 5), resolve));
  return { posting, rest: body.slice(5) };
}

async function answerTo(posting: ClientRequest): Promise<{ status: number | undefined; body: unknown }> {
  const [response] = (await once(posting, 'response')) as [IncomingMessage];
  const chunks = (await response.toArray()) as Buffer[];
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

describe('a service', () => {
  it.each(EXITS)(
    'answers what it has begun, delivers all, and ends on SIGTERM: %s',
    async (example, exit) => {
      const cluster = await startBroker();
      const program = await start(example, { KAFKA_BROKERS: cluster.addresses[0] });
      const [[, port = ''] = []] = await program.printed(/"listening".*?"port":(\d+)/g);

      for (const order of upTo(20)) {
        const { posting, rest } = await beginOrder(Number(port), order);
        posting.end(rest);
        expect(await answerTo(posting)).toEqual({ status: 201, body: { order } });
      }

      const { posting, rest } = await beginOrder(Number(port), 21);
      // The server has the connection and the head of the request when it has answered another one after it.
      const after = await beginOrder(Number(port), 22);
      after.posting.end(after.rest);
      await answerTo(after.posting);
      program.kill('SIGTERM');
      await program.printed(/"shutting down"/g);
      posting.end(rest);
      expect(await answerTo(posting)).toEqual({ status: 201, body: { order: 21 } });

      expect(await program.exit, program.output).toEqual(exit);
      expect(ordersIn(cluster)).toEqual([...upTo(20), 22, 21]);
      const messages = logged(cluster).map(({ message, order }) => `${message} ${order ?? ''}`.trim());
      expect(messages.slice(messages.indexOf('order placed 22'))).toEqual([
        'order placed 22',
        'shutting down',
        'order placed 21',
        'shut down',
      ]);
      expect(program.stderr).toBe('');
    },
  );

  it.each(['express', 'fastify', 'nestjs'])('says in Kafka why it cannot start: %s', async (example) => {
    const cluster = await startBroker();
    const other = createServer().listen(0);
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const program = await runExample(example, { KAFKA_BROKERS: cluster.addresses[0], PORT: String(port) });
    expect(await program.exit, program.output).toEqual({ code: 1, signal: null });
    const reason = expect.stringContaining('EADDRINUSE');
    expect(logged(cluster).at(-1)).toMatchObject({ level: 'error', message: 'cannot start', reason });
  });

  it('has Nest’s own lines in Kafka, with their context', async () => {
    const cluster = await startBroker();
    const program = await start('nestjs', { KAFKA_BROKERS: cluster.addresses[0] });
    await program.printed(/"listening"/g);
    program.kill('SIGTERM');
    await program.exit;
    const contexts = logged(cluster).map(({ context }) => context);
    expect(contexts).toEqual(expect.arrayContaining(['NestFactory', 'RoutesResolver', 'OrdersService']));
    expect(logged(cluster).at(-1)).toMatchObject({ message: 'shut down', signal: 'SIGTERM' });
  });
});
