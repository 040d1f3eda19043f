import { createRequire } from 'node:module';
import { afterAll, expect, it } from 'vitest';
import { loadAheadUnderJest } from '../../../lib/clients/kafkajs/workarounds.ts';

interface Encoded {
  request: { apiKey: number; apiVersion: number; encode(): Promise<{ buffer: Buffer }> };
  response: unknown;
  logResponseError?: boolean;
}
type Version = (options: object) => Encoded;
interface Definition {
  versions: string[];
  protocol(wanted: { version: number | string }): Version;
}

const require = createRequire(import.meta.url);
const REQUESTS = 'kafkajs/src/protocol/requests/index.js';
const messages = [{ key: 'key', value: 'value', timestamp: '1', headers: {} }];
const OPTIONS: Record<string, object> = {
  ApiVersions: {},
  Metadata: { topics: ['app-logs'], allowAutoTopicCreation: false },
  Produce: {
    acks: -1,
    timeout: 1_000,
    compression: 0,
    producerId: 7,
    producerEpoch: 1,
    transactionalId: null,
    topicData: [{ topic: 'app-logs', partitions: [{ partition: 0, firstSequence: 3, messages }] }],
  },
  InitProducerId: { transactionalId: null, transactionTimeout: 1_000 },
  SaslHandshake: { mechanism: 'PLAIN' },
  SaslAuthenticate: { authBytes: Buffer.from('bytes') },
};

async function bytesOf({ request }: Encoded): Promise<string> {
  return (await request.encode()).buffer.toString('hex');
}

const { requests } = require(REQUESTS) as { requests: Record<string, Definition> };
const before = new Map(Object.entries(requests).map(([name, { protocol }]) => [name, protocol]));
const id = process.env.JEST_WORKER_ID;

afterAll(() => {
  for (const [name, protocol] of before) Object.assign(requests[name] ?? {}, { protocol });
  if (id === undefined) delete process.env.JEST_WORKER_ID;
  else process.env.JEST_WORKER_ID = id;
});

it('nothing is loaded ahead but under Jest, and that once', () => {
  const current = (): unknown[] => Object.values(requests).map(({ protocol }) => protocol);
  delete process.env.JEST_WORKER_ID;
  loadAheadUnderJest();
  expect(current()).toEqual([...before.values()]);
  process.env.JEST_WORKER_ID = '1';
  loadAheadUnderJest();
  const after = current();
  expect(after.filter((protocol) => ![...before.values()].includes(protocol as never))).toHaveLength(6);
  loadAheadUnderJest();
  expect(current()).toEqual(after);
});

it.each(Object.entries(OPTIONS))(
  '%s is the same as kafkajs makes it, and calls no require',
  async (name, options) => {
    process.env.JEST_WORKER_ID = '1';
    loadAheadUnderJest();
    const protocol = before.get(name) as Definition['protocol'];
    const definition = requests[name] as Definition;
    const newest = Math.max(...definition.versions.map(Number));
    for (const version of [newest, newest - 1]) {
      const [own, kept] = [protocol({ version })(options), definition.protocol({ version })(options)];
      expect(kept.request).toMatchObject({ apiKey: own.request.apiKey, apiVersion: version });
      expect(kept.response).toBe(own.response);
      expect(kept.logResponseError).toBe(own.logResponseError);
      expect(await bytesOf(kept)).toBe(await bytesOf(own));
    }
    // kafkajs's own does.
    expect(String(protocol({ version: newest }))).toContain('require(');
    expect(String(definition.protocol({ version: newest }))).not.toContain('require(');
  },
);
