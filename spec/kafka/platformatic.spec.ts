// @platformatic/kafka against a real Kafka, in a process with a Node that it runs on.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { arrivalsIn } from '../support/arrivals.ts';
import { runChild } from '../support/child-process.ts';
import { expectLaw } from '../support/harness.ts';
import { newerNode } from '../support/newer-node.ts';
import { readByJava } from './support/java-read-back.ts';
import { expectMixedRecords } from './support/mixed-records.ts';
import type { Job, JobReport } from './support/platformatic-program.ts';
import { numbersIn } from './support/read-back.ts';
import { PLAIN_SESSION_MS, RealCluster, USERS } from './support/real-cluster.ts';
import { allow, USER } from './support/rights.ts';

const PROGRAM = new URL('support/platformatic-program.ts', import.meta.url);
const LIMIT_MS = 120_000;

let cluster: RealCluster;
let node: string;

beforeAll(async () => {
  node = await newerNode();
  cluster = await RealCluster.prepare();
  await cluster.start();
});

afterAll(() => cluster.stop());

type GivenJob = Omit<Job, 'options'> & Partial<Pick<Job, 'options'>>;

/** Runs the jobs in one process, one after the other. */
async function run(...jobs: GivenJob[]): Promise<JobReport[]> {
  const kafka = { brokers: [...cluster.addresses] };
  const JOBS = JSON.stringify(
    jobs.map(({ options, ...job }) => ({ ...job, options: { kafka, ...options } })),
  );
  const { code, stdout, stderr } = await runChild(PROGRAM, { node, env: { JOBS }, limitMs: LIMIT_MS });
  if (code !== 0) throw new Error(`the program ended with ${code}:\n${stderr}`);
  const reports = JSON.parse(stdout) as JobReport[];
  for (const { stats } of reports) {
    expectLaw({ stats: () => stats });
    expect(stats.path).toBe('client');
  }
  return reports;
}

const numbersUpTo = (count: number): number[] => [...Array(count).keys()];

/** Each of the numbers once, and in order. */
async function expectOnceInOrder(topic: string, numbers: readonly number[]): Promise<void> {
  const partitions = await numbersIn(cluster.addresses, topic);
  expect(partitions.flat().toSorted((a, b) => a - b)).toEqual(numbers);
  for (const own of partitions) expect(own).toEqual(own.toSorted((a, b) => a - b));
}

async function untilArrived(topic: string, count: number): Promise<void> {
  for (let arrived = 0; arrived < count; await delay(50)) {
    const offsets = await cluster.admin((admin) => admin.fetchTopicOffsets(topic));
    arrived = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  }
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const EACH = 400;

it('delivers what Java reads as it was logged, with each codec, and keys where Java has them', async () => {
  const topic = 'platformatic-read-back';
  await cluster.createTopic(topic);
  const reports = await run(
    ...CODECS.map((compression, at): Job => {
      const numbers = [at * EACH, (at + 1) * EACH] as const;
      return { topics: [topic], numbers, content: 'mixed', options: { compression } };
    }),
  );
  expect(reports.map(({ flush, warnings }) => ({ ...flush, warnings }))).toEqual(
    CODECS.map(() => ({ delivered: EACH, dropped: 0, pending: 0, warnings: [] })),
  );
  const times = Object.assign({}, ...reports.map((report) => report.times)) as Record<number, number>;
  const read = await readByJava(cluster.addresses, topic);
  expectMixedRecords(read, CODECS.length * EACH, (number) => times[number]);
});

it('delivers to a topic while another one does not exist, and to that when it was created', async () => {
  const [healthy, missing] = ['platformatic-healthy', 'platformatic-missing'];
  await cluster.createTopic(healthy);
  const running = run({ topics: [healthy, missing], numbers: [0, 1_000], content: 'plain' });
  await untilArrived(healthy, 500);
  await cluster.createTopic(missing);
  const [report] = await running;
  expect(report?.flush).toEqual({ delivered: 1_000, dropped: 0, pending: 0 });
  await expectOnceInOrder(
    healthy,
    numbersUpTo(1_000).filter((number) => number % 2 === 0),
  );
  await expectOnceInOrder(
    missing,
    numbersUpTo(1_000).filter((number) => number % 2 === 1),
  );
});

it('drops a record that the broker refuses or that is too large, and none beside it', async () => {
  const [compacted, small] = ['platformatic-compacted', 'platformatic-small'];
  await cluster.createTopic(compacted, { config: { 'cleanup.policy': 'compact' } });
  await cluster.createTopic(small, { config: { 'max.message.bytes': '20000' } });
  const numbers = [0, 500] as const;
  const [keyless, large] = await run(
    { topics: [compacted], numbers, content: 'one in ten without key' },
    { topics: [small], numbers, content: 'one in fifty too large' },
  );
  const isKeyless = (number: number): boolean => number % 10 === 0;
  const isLarge = (number: number): boolean => number % 50 === 7;
  for (const [report, reason, topic, isRefused] of [
    [keyless, 'rejected', compacted, isKeyless],
    [large, 'oversize', small, isLarge],
  ] as const) {
    const refused = numbersUpTo(500).filter(isRefused);
    expect(report?.handedOn.toSorted(([a], [b]) => a - b)).toEqual(refused.map((number) => [number, reason]));
    expect(report?.stats.dropped).toMatchObject({ [reason]: refused.length });
    await expectOnceInOrder(
      topic,
      numbersUpTo(500).filter((number) => !isRefused(number)),
    );
  }
});

it('loses nothing and keeps its order while a leader is killed under traffic', async () => {
  const topic = 'platformatic-leader';
  const count = 8_000;
  await cluster.createTopic(topic);
  const running = run({ topics: [topic], numbers: [0, count], content: 'plain', rate: 1_000 });
  await untilArrived(topic, 1);
  const leader = await cluster.leaderOf(topic, 0);
  await cluster.kill(leader);
  await cluster.start(leader);
  await cluster.settled(topic);
  const [report] = await running;
  expect(report?.flush).toEqual({ delivered: count, dropped: 0, pending: 0 });
  // Otherwise it has met no fault.
  expect(report?.stats.retries).toBeGreaterThan(0);
  const { seen, outOfOrder } = arrivalsIn(await numbersIn(cluster.addresses, topic));
  expect({ seen: seen.size, outOfOrder }).toEqual({ seen: count, outOfOrder: 0 });
});

const password = USERS[USER];
const MECHANISMS = ['scram-sha-256', 'scram-sha-512', 'plain'] as const;
type Kafka = NonNullable<Job['options']['kafka']>;

function secured(mechanism: (typeof MECHANISMS)[number], secret: string = password): Kafka {
  const ssl = { ca: [cluster.ca] };
  return {
    brokers: cluster.securedAddresses,
    ssl,
    sasl: { mechanism, username: USER, password: secret } as never,
  };
}

it('delivers over TLS with each SASL mechanism, also beyond the end of a session', async () => {
  const jobs = MECHANISMS.map((mechanism): Job => {
    const isLong = mechanism === 'plain';
    return {
      topics: [`platformatic-${mechanism}`],
      numbers: [0, 1_000],
      content: 'plain',
      options: { kafka: secured(mechanism) },
      ...(isLong && { rate: 1_000_000 / (1.5 * PLAIN_SESSION_MS) }),
    };
  });
  for (const { topics } of jobs) {
    for (const topic of topics) {
      await cluster.createTopic(topic);
      await allow(cluster, topic);
    }
  }
  const reports = await run(...jobs);
  for (const [at, { flush, warnings, stats, shown }] of reports.entries()) {
    expect({ flush, warnings, retries: stats.retries }).toEqual({
      flush: { delivered: 1_000, dropped: 0, pending: 0 },
      warnings: [],
      retries: 0,
    });
    expect(shown).not.toContain(password);
    await expectOnceInOrder(String(jobs[at]?.topics[0]), numbersUpTo(1_000));
  }
});

it('says why it may not connect or write, once, and shows no password', async () => {
  const topics = ['platformatic-nobody-gets-there'];
  const common = { topics, numbers: [0, 100], content: 'plain' } as const;
  const stranger: Kafka = { ...secured('scram-sha-512'), ssl: true };
  await cluster.createTopic(String(topics[0]));
  const unable = [...MECHANISMS.map((mechanism) => secured(mechanism, 'wrong-horse')), stranger];
  const reports = await run(
    ...unable.map(
      (kafka): Job => ({ ...common, options: { kafka, closeTimeoutMs: 100 }, isClosedWhenWarned: true }),
    ),
    { ...common, options: { kafka: secured('scram-sha-512') } },
  );
  const forbidden = reports.pop();
  for (const [at, { warnings, stats, shown }] of reports.entries()) {
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE', 'ERR_RECORDS_DROPPED']);
    expect(warnings[0]?.message).toMatch(
      unable[at] === stranger ? /self-signed certificate/i : /authentication failed/i,
    );
    expect(stats.dropped.closed).toBe(100);
    expect(shown).not.toMatch(/wrong-horse|correct-horse/);
  }
  expect(forbidden?.stats.dropped.rejected).toBe(100);
  expect(forbidden?.warnings[0]?.message).toMatch(/authoriz/i);
  expect((await numbersIn(cluster.addresses, String(topics[0]))).flat()).toEqual([]);
});
