// abstract-winston-transport is written for mocha: it wants `after`, and tests that call back.
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, vi } from 'vitest';
import { KafkaTransport } from '../../lib/index.ts';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';

type Done = (error?: unknown) => void;
type MochaBody = (done?: Done) => unknown;

/** A body that takes `done` ends with the call of it. */
function promised(body: MochaBody): () => unknown {
  if (body.length === 0) return body;
  return () =>
    new Promise<void>((resolve, reject) => {
      body((error) => (error === undefined ? resolve() : reject(error)));
    });
}

let cluster: BrokerCluster;
const transports: KafkaTransport[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start({ topics: { logs: 1 } });
});

afterAll(async () => {
  // Not earlier: vitest runs the body of a `describe` when the file is through.
  vi.unstubAllGlobals();
  await Promise.all(transports.map((transport) => transport.close()));
  await cluster.stop();
});

/** The suite makes its own with `new`. */
class Tracked extends KafkaTransport {
  constructor(options: ConstructorParameters<typeof KafkaTransport>[0]) {
    super(options);
    transports.push(this);
  }
}

vi.stubGlobal('describe', describe);
vi.stubGlobal('it', (name: string, body: MochaBody) => it(name, promised(body)));
vi.stubGlobal('beforeEach', (body: MochaBody) => beforeEach(promised(body) as () => void));
vi.stubGlobal('afterEach', (body: MochaBody) => afterEach(promised(body) as () => void));
vi.stubGlobal('after', (body: MochaBody) => afterAll(promised(body) as () => void));

const suite = createRequire(import.meta.url)('abstract-winston-transport') as (options: object) => void;
suite({
  name: 'KafkaTransport',
  Transport: Tracked,
  construct: () => ({
    topic: 'logs',
    kafka: { brokers: cluster.addresses },
    clientLog: { level: 'nothing' },
  }),
});
