// `serialize` with @kafkajs/confluent-schema-registry, against a registry stand-in over HTTP.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TransportEntry, Undelivered } from '../../../lib/index.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const AVRO = JSON.stringify({
  type: 'record',
  name: 'Log',
  namespace: 'shop',
  fields: [
    { name: 'level', type: 'string' },
    { name: 'message', type: 'string' },
    { name: 'order', type: ['null', 'int'], default: null },
  ],
});
const JSON_SCHEMA = JSON.stringify({
  type: 'object',
  required: ['level', 'message'],
  properties: {
    level: { type: 'string' },
    message: { type: 'string' },
    order: { type: ['integer', 'null'] },
  },
});

/** As much of Confluent's registry as its client asks for. */
class Registry {
  readonly #schemas: { schema: string; schemaType: string }[] = [];
  readonly #server: Server;
  /** What it answers instead, or nothing at all. */
  fault: number | 'silent' | undefined;
  /** What its answers wait for. */
  held: Promise<void> | undefined;
  requests = 0;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<Registry> {
    const registry = new Registry();
    await registry.up();
    onTestFinished(() => registry.down());
    return registry;
  }

  get host(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async up(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    let body = '';
    for await (const chunk of request) body += chunk;
    await this.held;
    if (this.fault === 'silent') return;
    const [status, answer] =
      this.fault === undefined ? this.#found(request, body) : [this.fault, { message: 'no' }];
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(answer));
  }

  #found({ method, url = '' }: IncomingMessage, body: string): [number, object] {
    const id = Number(/^\/schemas\/ids\/(\d+)$/.exec(url)?.[1]);
    const schema = this.#schemas[id - 1];
    if (schema !== undefined) return [200, schema];
    if (/^\/config\//.test(url)) return [200, { compatibilityLevel: 'BACKWARD' }];
    if (method === 'POST' && url.endsWith('/versions')) {
      const { schema, schemaType = 'AVRO' } = JSON.parse(body);
      return [200, { id: this.#schemas.push({ schema, schemaType }) }];
    }
    return [404, { error_code: 40403, message: 'Schema not found' }];
  }
}

/** A client that has to ask the registry, and does not try again by itself. */
function clientOf(registry: Registry, timeoutMs = 10_000): SchemaRegistry {
  return new SchemaRegistry({
    host: registry.host,
    retry: { retries: 0 },
    // Without a limit, it keeps the promise of a request that is never answered, and gives that to all who ask.
    middlewares: [() => ({ request: (request) => request.enhance({ timeout: timeoutMs }) })],
  });
}

async function registered(registry: Registry, type: 'avro' | 'json'): Promise<number> {
  const schema =
    type === 'avro'
      ? { type: SchemaType.AVRO as const, schema: AVRO }
      : { type: SchemaType.JSON as const, schema: JSON_SCHEMA };
  const { id } = await clientOf(registry).register(schema, { subject: `${TOPIC}-value` });
  return id;
}

function fieldsOf({ level, message, info }: TransportEntry): object {
  return { level, message, order: info.order ?? null };
}

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a schema registry', () => {
  it.each(['avro', 'json'] as const)('has its schema used, and the records can be read: %s', async (type) => {
    const [cluster, registry] = await Promise.all([startCluster(), Registry.start()]);
    const id = await registered(registry, type);
    const client = clientOf(registry);
    const transport = transportTo(cluster, { serialize: (entry) => client.encode(id, fieldsOf(entry)) });
    const logger = loggerWith(transport);
    for (const [at, message] of numbered(50).entries()) logger.info(message, { order: at });
    await transport.flush(20_000);
    const reader = clientOf(registry);
    const records = cluster.records(TOPIC);
    expect(records.map(({ value }) => [value?.[0], value?.readInt32BE(1)])).toEqual(
      records.map(() => [0, id]),
    );
    const read = await Promise.all(records.map(({ value }) => reader.decode(value ?? Buffer.alloc(0))));
    expect(read.map((fields) => ({ ...fields }))).toEqual(
      numbered(50).map((message, at) => ({ level: 'info', message, order: at })),
    );
    expectLaw(transport);
  });

  it('that is slow has records wait, and is no outage', async () => {
    const [cluster, registry] = await Promise.all([startCluster(), Registry.start()]);
    const id = await registered(registry, 'avro');
    const client = new SchemaRegistry({ host: registry.host });
    let release = (): void => undefined;
    registry.held = new Promise((resolve) => {
      release = resolve;
    });
    const transport = transportTo(cluster, { serialize: (entry) => client.encode(id, fieldsOf(entry)) });
    const logger = loggerWith(transport);
    const before = registry.requests;
    for (const message of numbered(10)) logger.info(message);
    await eventually(() => registry.requests > before);
    expect(await transport.flush(1)).toEqual({ delivered: 0, dropped: 0, pending: 10 });
    expect(transport.stats()).toMatchObject({ state: 'idle', buffered: { records: 10 } });
    release();
    expect(await transport.flush(20_000)).toEqual({ delivered: 10, dropped: 0, pending: 0 });
    const read = await Promise.all(
      cluster.records(TOPIC).map(({ value }) => client.decode(value ?? Buffer.alloc(0))),
    );
    expect(read.map(({ message }) => message)).toEqual(numbered(10));
  });

  it('that refuses one record has that dropped as invalid', async () => {
    const [cluster, registry] = await Promise.all([startCluster(), Registry.start()]);
    const id = await registered(registry, 'avro');
    const client = clientOf(registry);
    const undelivered: Undelivered[] = [];
    const transport = transportTo(cluster, {
      serialize: (entry) => client.encode(entry.message === 'unknown schema' ? 99 : id, fieldsOf(entry)),
      fallback: (record) => undelivered.push(record),
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    logger.info('one', { order: 1 });
    logger.info('no number', { order: 'x' });
    logger.info('unknown schema');
    logger.info('two', { order: 2 });
    await transport.flush(20_000);
    expect(undelivered.map(({ reason, message }) => [reason, message])).toEqual([
      ['invalid', 'no number'],
      ['invalid', 'unknown schema'],
    ]);
    expect(cluster.count(TOPIC)).toBe(2);
    expect(transport.stats().dropped.invalid).toBe(2);
    expectLaw(transport);
  });

  it.each(['refuses connections', 500, 429, 'silent'] as const)(
    'that is away (%s) has records wait, in order, until it is back',
    async (how) => {
      const [cluster, registry] = await Promise.all([startCluster(), Registry.start()]);
      const id = await registered(registry, 'avro');
      if (how === 'refuses connections') await registry.down();
      else registry.fault = how;
      const client = clientOf(registry, how === 'silent' ? 200 : undefined);
      const warnings: string[] = [];
      const transport = transportTo(cluster, {
        requestTimeoutMs: 300,
        serialize: (entry) => client.encode(id, fieldsOf(entry)),
      });
      transport.on('warn', ({ code }) => warnings.push(code));
      const logger = loggerWith(transport);
      for (const message of numbered(20)) logger.info(message);
      await eventually(() => transport.stats().state === 'down');
      for (const message of numbered(20, 'later')) logger.info(message);
      expect(transport.stats()).toMatchObject({ accepted: 40, buffered: { records: 40 }, delivered: 0 });
      expectLaw(transport);
      if (how === 'refuses connections') await registry.up();
      else registry.fault = undefined;
      expect(await transport.flush(10_000)).toMatchObject({ delivered: 40, dropped: 0, pending: 0 });
      const read = await Promise.all(
        cluster.records(TOPIC).map(({ value }) => client.decode(value ?? Buffer.alloc(0))),
      );
      expect(read.map(({ message }) => message)).toEqual([...numbered(20), ...numbered(20, 'later')]);
      expect(warnings).toEqual(['ERR_SERIALIZE_UNAVAILABLE']);
      expectLaw(transport);
    },
  );
});
