import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { KafkaTransport, Undelivered } from '../../../lib/index.ts';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import {
  byPartition,
  expectAtLeastOnce,
  expectExactlyOnce,
  expectFlushed,
  expectNoUnhandledRejection,
  logThroughFaults,
  turn,
  untilDown,
  warningsOf,
} from '../../scenarios/faults/rig.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC } from '../../support/harness.ts';
import { describeWithPlatformatic, platformaticTo } from './rig.ts';

describeWithPlatformatic('@platformatic/kafka in an outage', () => {
  it('delivers what was logged while the broker was down, once it is back', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const transport = platformaticTo(cluster);
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    await cluster.down();
    for (const message of numbered(100).slice(1)) logger.info(message);
    await untilDown(transport);
    expectLaw(transport);
    expect(warnings[0]).toMatchObject({ code: 'ERR_KAFKA_UNREACHABLE' });
    expect(warnings[0]?.message).toContain('ECONNREFUSED');
    await cluster.up();
    await transport.flush(20_000);
    expectExactlyOnce(cluster, 100);
    expect(transport.stats()).toMatchObject({ state: 'up', delivered: 100 });
    expectLaw(transport);
  });

  it('says what failed where no broker was ever there', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = platformaticTo(cluster);
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record');
    await untilDown(transport);
    expect(warnings[0]?.message).toContain(
      `Connection to ${cluster.addresses[0]} failed: connect ECONNREFUSED`,
    );
    await cluster.up();
    await expectFlushed(transport, 1);
  });

  it('does not end the process where an answer ends before what every answer has', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', note);
    // A length of 2: that is no place for a correlation id.
    const answer = Buffer.from([0, 0, 0, 2, 0, 0]);
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.write(answer));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      process.off('uncaughtException', note);
      server.close();
    });
    await once(server, 'listening');
    const cluster = await startCluster();
    const stranger = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = platformaticTo(cluster, { kafka: { brokers: [stranger] } });
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record');
    await untilDown(transport);
    expect(uncaught).toEqual([]);
    expect(warnings[0]?.message).toContain(`Connection closed (${stranger})`);
  });

  it('reaches the brokers that are up, whichever it is given first', async () => {
    const cluster = await startCluster({ brokers: 3 });
    cluster.moveLeader(TOPIC, 0, 2);
    await cluster.down(0);
    await cluster.down(1);
    const transport = platformaticTo(cluster);
    loggerWith(transport).info('record');
    await expectFlushed(transport, 1);
  });

  it('sends again after a connection that was cut before, and after, the batch was stored', async () => {
    expectNoUnhandledRejection();
    for (const cut of ['before-store', 'after-store'] as const) {
      const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
      const transport = platformaticTo(cluster, { batch: { maxRecords: 40, lingerMs: 1 } });
      await logThroughFaults(cluster, transport, { cut }, 3_000);
      expectAtLeastOnce(cluster, 3_000);
    }
  });

  it('goes on after a broker that does not answer', async () => {
    const cluster = await startCluster();
    const transport = platformaticTo(cluster, { requestTimeoutMs: 150 });
    const fault = cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
    loggerWith(transport).info('record 0');
    await expectFlushed(transport, 1);
    expect(fault.hits).toBe(1);
    expectAtLeastOnce(cluster, 1);
  });

  it('follows a leader that moves under traffic, and loses and repeats nothing', async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 4 } });
    const transport = platformaticTo(cluster);
    await logUnderTraffic(transport, 3_000, (n) => {
      if (n % 250 !== 0) return;
      const partition = (n / 250) % 4;
      cluster.moveLeader(TOPIC, partition, (cluster.leaderOf(TOPIC, partition) + 1) % 3);
    });
    await expectFlushed(transport, 3_000);
    expectExactlyOnce(cluster, 3_000);
    expect(byPartition(cluster).length).toBe(4);
    const refused = cluster.produceRequests.filter(
      ({ errorCode }) => errorCode === ERROR.NOT_LEADER_OR_FOLLOWER,
    );
    expect(refused.length).toBeGreaterThan(0);
  });

  it('goes on where one broker is stopped and started', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 3 } });
    const transport = platformaticTo(cluster);
    await logUnderTraffic(transport, 600, async (n) => {
      if (n === 200) await cluster.down(1);
      if (n === 400) await cluster.up(1);
    });
    await expectFlushed(transport, 600);
    expectAtLeastOnce(cluster, 600);
  });
});

describeWithPlatformatic('@platformatic/kafka and an error code of the broker', () => {
  it.each([
    ['LEADER_NOT_AVAILABLE', ERROR.LEADER_NOT_AVAILABLE],
    ['NOT_ENOUGH_REPLICAS', ERROR.NOT_ENOUGH_REPLICAS],
    ['KAFKA_STORAGE_ERROR', ERROR.KAFKA_STORAGE_ERROR],
    ['REQUEST_TIMED_OUT', ERROR.REQUEST_TIMED_OUT],
    ['CORRUPT_MESSAGE', ERROR.CORRUPT_MESSAGE],
    ['UNKNOWN_TOPIC_OR_PARTITION', ERROR.UNKNOWN_TOPIC_OR_PARTITION],
  ])('%s: sends again', async (_, error) => {
    const cluster = await startCluster();
    const fault = cluster.inject({ api: 'Produce', times: 2, action: { error } });
    const transport = platformaticTo(cluster);
    loggerWith(transport).info('record 0');
    await expectFlushed(transport, 1);
    expectExactlyOnce(cluster, 1);
    expect(fault.hits).toBe(2);
    expect(transport.stats().retries).toBe(2);
  });

  it.each([
    ['TOPIC_AUTHORIZATION_FAILED', ERROR.TOPIC_AUTHORIZATION_FAILED],
    ['INVALID_TOPIC_EXCEPTION', ERROR.INVALID_TOPIC_EXCEPTION],
    ['UNSUPPORTED_COMPRESSION_TYPE', ERROR.UNSUPPORTED_COMPRESSION_TYPE],
  ])('%s: drops the records of the topic, and says why', async (_, error) => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', times: Number.POSITIVE_INFINITY, action: { error } });
    const undelivered: Undelivered[] = [];
    const transport = platformaticTo(cluster, { fallback: (one) => void undelivered.push(one) });
    loggerWith(transport).info('record 0');
    expect(await transport.flush(20_000)).toMatchObject({ delivered: 0, dropped: 1 });
    expect(transport.stats().dropped.rejected).toBe(1);
    expect(undelivered).toEqual([expect.objectContaining({ reason: 'rejected', message: 'record 0' })]);
    expectLaw(transport);
  });

  it.each([
    ['named by the broker', 12],
    ['found by halves, where it names none', 7],
  ])('INVALID_RECORD: drops the one record, %s', async (_, version) => {
    const cluster = await startCluster({ versions: { Produce: [3, version] } });
    cluster.configureTopic(TOPIC, {
      refuses: ({ value }) => (String(value) === 'record 7' ? ERROR.INVALID_RECORD : undefined),
    });
    const transport = platformaticTo(cluster, {
      dropNotice: false,
      batch: { lingerMs: 50 },
    });
    const logger = loggerWith(transport);
    for (const message of numbered(20)) logger.info(message);
    expect(await transport.flush(20_000)).toEqual({ delivered: 19, dropped: 1, pending: 0 });
    expect(cluster.values(TOPIC)).not.toContain('record 7');
    expect(transport.stats().dropped.rejected).toBe(1);
    expectLaw(transport);
  });

  it('MESSAGE_TOO_LARGE: drops the record that is too large, as oversize', async () => {
    const cluster = await startCluster({ maxMessageBytes: 2_000 });
    const transport = platformaticTo(cluster, { dropNotice: false });
    const logger = loggerWith(transport);
    logger.info('record 0');
    logger.info('x'.repeat(3_000));
    logger.info('record 1');
    expect(await transport.flush(20_000)).toEqual({ delivered: 2, dropped: 1, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(['record 0', 'record 1']);
    expect(transport.stats().dropped.oversize).toBe(1);
    expectLaw(transport);
  });

  it('an unknown topic, in the metadata: waits until it is there', async () => {
    const cluster = await startCluster({ topics: {} });
    const transport = platformaticTo(cluster);
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record 0');
    await untilDown(transport);
    expect(warnings[0]?.message).toContain('Does the topic exist?');
    cluster.createTopic(TOPIC, 1);
    await expectFlushed(transport, 1);
  });
});

describeWithPlatformatic('@platformatic/kafka and who may connect', () => {
  it('PLAIN: delivers with the right password, and shows the wrong one nowhere', async () => {
    expectNoUnhandledRejection();
    const sasl = ({ ...attempt }: Record<string, unknown>): boolean | string =>
      attempt.password === 'right-one' || `not ${String(attempt.password)}`;
    const cluster = await startCluster({ sasl });
    const account = (password: string): { mechanism: 'plain'; username: string; password: string } => ({
      mechanism: 'plain',
      username: 'shop',
      password,
    });
    const wrong = platformaticTo(cluster, {
      kafka: { brokers: cluster.addresses, sasl: account('wrong-one') },
      closeTimeoutMs: 20,
    });
    const warnings = warningsOf(wrong);
    loggerWith(wrong).info('record 0');
    await untilDown(wrong);
    expect(warnings[0]?.message).toContain('check kafka.sasl');
    expect(JSON.stringify(warnings.map(({ message, cause }) => [message, String(cause)]))).not.toContain(
      'wrong-one',
    );

    const right = platformaticTo(cluster, {
      kafka: { brokers: cluster.addresses, sasl: account('right-one') },
    });
    loggerWith(right).info('record 1');
    await expectFlushed(right, 1);
  });

  it('OAUTHBEARER: asks the provider, which may log', async () => {
    const cluster = await startCluster({
      sasl: (attempt) => attempt.mechanism === 'OAUTHBEARER' && attempt.token === 'token-1',
    });
    const transport = platformaticTo(cluster, {
      kafka: {
        brokers: cluster.addresses,
        sasl: {
          mechanism: 'oauthbearer',
          oauthBearerProvider: async () => {
            logger.info('inside');
            await Promise.resolve();
            logger.info('after an await');
            return { value: 'token-1' };
          },
        },
      },
    });
    const logger = loggerWith(transport);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    expect(cluster.values(TOPIC)).toEqual(['record 0']);
    expect(transport.stats().suppressed.reentrant).toBe(2);
  });

  it('a provider that fails is an outage, and says what it threw', async () => {
    const cluster = await startCluster({ sasl: () => true });
    let asked = 0;
    const transport = platformaticTo(cluster, {
      kafka: {
        brokers: cluster.addresses,
        sasl: {
          mechanism: 'oauthbearer',
          oauthBearerProvider: async () => {
            if (++asked < 3) throw new Error('the vault is closed');
            return { value: 'token' };
          },
        },
      },
    });
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record 0');
    await expectFlushed(transport, 1);
    expect(warnings.map(({ message }) => message).join()).toContain('the vault is closed');
  });

  it('TLS: delivers with the authority of the broker, and without it says so', async () => {
    const cluster = await startCluster({ tls: SPEC_TLS });
    const transport = platformaticTo(cluster, {
      kafka: { brokers: cluster.addresses, ssl: { ca: SPEC_TLS.cert } },
    });
    loggerWith(transport).info('record 0');
    await expectFlushed(transport, 1);

    const stranger = platformaticTo(cluster, {
      kafka: { brokers: cluster.addresses, ssl: true },
      closeTimeoutMs: 20,
    });
    const warnings = warningsOf(stranger);
    loggerWith(stranger).info('record 1');
    await untilDown(stranger);
    expect(warnings[0]?.message).toContain('kafka.ssl.ca');
  });

  it('a port with TLS that is spoken to without: says so', async () => {
    const cluster = await startCluster({ tls: SPEC_TLS });
    const transport = platformaticTo(cluster, { closeTimeoutMs: 20 });
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record');
    await untilDown(transport);
    expect(warnings[0]?.message).toContain(`(${cluster.addresses[0]}, without an answer)`);
    expect(warnings[0]?.message).toContain('The port may want TLS (kafka.ssl)');
  });
});

describeWithPlatformatic('a client of @platformatic/kafka that goes', () => {
  it('closes its connections', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 2 } });
    const transport = platformaticTo(cluster);
    const logger = loggerWith(transport);
    for (const message of numbered(300)) logger.info(message);
    await transport.close();
    expect(cluster.count(TOPIC)).toBe(300);
    await cluster.until(() => cluster.connections === 0);
  });

  it('is closed when there is nothing to send, and opened again', async () => {
    const cluster = await startCluster();
    const transport = platformaticTo(cluster, { idleTimeoutMs: 1 });
    const logger = loggerWith(transport);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    await cluster.until(() => cluster.connections === 0);
    logger.info('record 1');
    await expectFlushed(transport, 2);
    expect(cluster.values(TOPIC)).toEqual(['record 0', 'record 1']);
  });

  it('is cut off where a send hangs, and nothing of it arrives after that', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    let release = (): void => undefined;
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    onTestFinished(() => release());
    const fault = cluster.inject({ api: 'Produce', action: { hold, at: 'before-store' } });
    const transport = platformaticTo(cluster, { closeTimeoutMs: 50, dropNotice: false });
    const logger = loggerWith(transport);
    logger.info('held');
    await cluster.until(() => fault.hits === 1);
    logger.info('waiting');
    await transport.close();
    expect(transport.stats().dropped.closed).toBe(2);
    expectLaw(transport);
    await cluster.until(() => cluster.connections === 0);
    const { Produce } = cluster.requests;
    expect(Produce).toBe(1);
    expect(cluster.values(TOPIC)).toEqual([]);
  });

  it('is cut off where a connect hangs', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    cluster.silentConnections = true;
    const transport = platformaticTo(cluster, { closeTimeoutMs: 50 });
    loggerWith(transport).info('record');
    await cluster.until(() => cluster.connections === 1);
    await transport.close();
    await cluster.until(() => cluster.connections === 0);
    expect(transport.stats().dropped.closed).toBe(1);
  });
});

/** Logs some records, some of them sent meanwhile. @param after what happens when one was logged */
async function logUnderTraffic(
  transport: KafkaTransport,
  count: number,
  after: (n: number) => Promise<void> | void,
): Promise<void> {
  const logger = loggerWith(transport);
  for (let n = 0; n < count; n++) {
    logger.info(`record ${n}`);
    if (n % 20 === 0) await turn();
    await after(n);
  }
}
