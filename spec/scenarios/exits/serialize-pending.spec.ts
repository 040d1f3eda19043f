// The process ends while a promise of `serialize` is pending: each record is delivered, or the fallback has it, with a reason.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { TransportStats } from '../../../lib/index.ts';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { accountedFor, droppedIn } from '../../support/accounting.ts';
import { runChild } from '../../support/child-process.ts';
import type { SerializeProgram } from './fixtures/serialize-program.ts';

const PROMISES = ['never settles', 'settles late', 'rejects', 'is answered 503'] as const;
const ENDS = ['SIGTERM', 'process.exit()', 'by itself', 'close()'] as const;
/** Long enough for what settles late, on a slow machine, too. */
const PATIENT_MS = 10_000;
const SHORT_MS = 700;

let brokers: BrokerCluster;
let registry: Server;
let base: string;
let made = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'winston-kafkajs-serialize-'));
  brokers = await BrokerCluster.start();
  registry = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => registry.once('listening', resolve));
});

afterAll(async () => {
  rmSync(base, { recursive: true, force: true });
  registry.closeAllConnections();
  registry.close();
  await brokers.stop();
});

async function run(promise: SerializeProgram['promise'], end: SerializeProgram['end'], hasSpool = false) {
  const topic = `serialize-${made++}`;
  brokers.createTopic(topic, 1);
  const { port } = registry.address() as { port: number };
  const program: SerializeProgram = {
    promise,
    end,
    topic,
    brokers: brokers.addresses,
    registry: `http://127.0.0.1:${port}/`,
    closeTimeoutMs: promise === 'never settles' || promise === 'is answered 503' ? SHORT_MS : PATIENT_MS,
    ...(hasSpool && { directory: join(base, topic) }),
  };
  const result = await runChild(new URL('./fixtures/serialize-program.ts', import.meta.url), {
    env: { PROGRAM: JSON.stringify(program) },
  });
  const lines = result.stdout.trim().split('\n');
  const stats = JSON.parse(lines.pop()?.replace('stats ', '') ?? '') as TransportStats;
  const handedOn = lines.filter((line) => !line.startsWith('ERR_'));
  return {
    ...result,
    values: brokers.values(topic),
    handedOn,
    warnings: lines.filter((line) => line.startsWith('ERR_')),
    stats,
  };
}

/** What of it reaches Kafka, and what the fallback gets. */
function expected(promise: SerializeProgram['promise'], end: SerializeProgram['end']) {
  const lost = { values: ['first'], handedOn: ['closed: slow', 'closed: behind'] };
  if (end === 'process.exit()') return lost;
  if (promise === 'settles late') return { values: ['first', 'slow, late', 'behind'], handedOn: [] };
  if (promise === 'rejects') return { values: ['first', 'behind'], handedOn: ['invalid: slow'] };
  return lost;
}

describe('a promise of serialize that', { timeout: 60_000 }, () => {
  describe.each(PROMISES)('%s, as the process ends by', (promise) => {
    it.concurrent.for(ENDS)('%s', async (end, { expect }) => {
      const result = await run(promise, end);
      const { code, signal, stats } = result;
      expect({ code, signal }).toEqual(
        end === 'SIGTERM' ? { code: null, signal: 'SIGTERM' } : { code: 0, signal: null },
      );
      expect(result).toMatchObject(expected(promise, end));
      expect(stats.accepted).toBe(3);
      expect(stats.accepted).toBe(accountedFor(stats));
      expect(stats.delivered).toBe(result.values.length);
      expect(droppedIn(stats)).toBe(result.handedOn.length);
      expect(stats).toMatchObject({ buffered: { records: 0 }, inFlight: 0, spooled: 0 });
      const says = 'the process ends before Kafka has got 2 records';
      // close() answers with its report; the others have nobody to tell.
      if (result.handedOn.length === 2 && end !== 'close()') expect(result.stderr).toContain(says);
      else expect(result.stderr).not.toContain(says);
    });
  });

  it.concurrent.for(ENDS)(
    'never settles leaves nothing in the spool, from where it would be sent as text: %s',
    async (end, { expect }) => {
      const { values, handedOn, stats } = await run('never settles', end, true);
      expect({ values, handedOn }).toEqual(expected('never settles', end));
      expect(stats).toMatchObject({ spooled: 0, dropped: { closed: 2 } });
      expect(stats.accepted).toBe(accountedFor(stats));
    },
  );
});
