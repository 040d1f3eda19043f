// What the answers of the brokers mean for the transport. What they answer is in check.spec.ts.
import { describe, expect, it } from 'vitest';
import {
  checkBrokers,
  checkSession,
  checkTopic,
  topicFailure,
} from '../../../lib/command/check/check-topic.ts';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { startCluster } from '../rig.ts';
import { failureOf, keptSteps, refused, told } from './rig.ts';

const fails = (error: unknown) => async (): Promise<never> => {
  throw error;
};
const works = async (): Promise<void> => undefined;

interface Replicas {
  leader?: number;
  isr?: number[];
  replicas?: number[];
}

const partitionsOf = (...list: Replicas[]) =>
  list.map(({ leader = 0, isr = [0], replicas = isr }, partitionId) => ({
    partitionId,
    leader,
    isr,
    replicas,
    partitionErrorCode: 0,
  }));

const SETTINGS = { 'min.insync.replicas': '1', 'max.message.bytes': '1048588' };

function asked(partitions: unknown, settings: Record<string, string> | Error = SETTINGS) {
  const kept = keptSteps();
  const inspector = told({
    partitions: partitions instanceof Error ? fails(partitions) : async () => partitions,
    settings: settings instanceof Error ? fails(settings) : async () => new Map(Object.entries(settings)),
  });
  return { ...kept, check: () => checkTopic(kept.steps, inspector, 'logs') };
}

describe('a topic', () => {
  it('has partitions with leaders, replicas in sync, and room for a batch', async () => {
    const { check, said } = asked(partitionsOf({ isr: [0, 1] }, { isr: [1, 2, 0] }));
    expect(await check()).toMatchObject({ partitionId: 0 });
    expect(said()).toEqual([
      'ok topic: logs exists',
      'ok partitions: 2, of which 2 have a leader',
      'ok in-sync replicas: 2 at least, min.insync.replicas is 1',
      'ok size limit: max.message.bytes is 1048588, batches have up to 524288 bytes (batch.maxBytes)',
    ]);
  });

  it('whose partitions have no leader cannot be written to yet', async () => {
    const { check, said } = asked(partitionsOf({ leader: -1 }, {}, { leader: -1 }));
    expect(await failureOf(check())).toMatch(
      /^partitions: 3, of which 1 have a leader \(not 0, 2\) \| Until each .* brokers that are down\.$/,
    );
    expect(said()).toEqual(['ok topic: logs exists']);
    expect(await failureOf(asked([]).check())).toMatch('partitions: 0, of which 0 have a leader (not )');
  });

  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'topic: there is no topic logs | Create it, or check its name.'],
    [
      'TOPIC_AUTHORIZATION_FAILED',
      'topic: refused: TOPIC_AUTHORIZATION_FAILED | Give this user the Describe and Write',
    ],
    [
      'LEADER_NOT_AVAILABLE',
      'partitions: refused: LEADER_NOT_AVAILABLE | Until each of its partitions has a leader',
    ],
    ['REQUEST_TIMED_OUT', 'topic: refused: REQUEST_TIMED_OUT | Check the name of the topic, and the state'],
  ])('that the brokers answer %s for is not to be had', async (type, failure) => {
    expect(await failureOf(asked(refused(type)).check())).toMatch(failure);
    expect(await failureOf(Promise.reject(topicFailure('logs', refused(type))))).toMatch(failure);
  });
});

describe('its replicas', () => {
  const stepWith = async (minInSync: string, ...list: Replicas[]): Promise<string> => {
    const { check, said } = asked(partitionsOf(...list), { ...SETTINGS, 'min.insync.replicas': minInSync });
    const failure = await failureOf(check());
    return failure === 'none' ? (said()[2] ?? '') : failure;
  };

  it.each<[string, string, Replicas[]]>([
    ['ok in-sync replicas: 2 at least, min.insync.replicas is 2', '2', [{ isr: [0, 1] }, { isr: [0, 1, 2] }]],
    [
      'in-sync replicas: partition 1 has 1, min.insync.replicas is 2 | The broker refuses records until there are enough',
      '2',
      [{ isr: [0, 1] }, { isr: [0], replicas: [0, 1] }],
    ],
    // As many as the partition has, in Kafka 4.
    [
      'warning in-sync replicas: 1 at least, min.insync.replicas is 2 | The topic has fewer replicas',
      '2',
      [{ isr: [0] }],
    ],
    ['in-sync replicas: partition 0 has 1, min.insync.replicas is 3', '3', [{ isr: [0], replicas: [0, 1] }]],
    [
      'warning in-sync replicas: 2 at least, min.insync.replicas is 2 | In 1 of the partitions replicas are not in sync',
      '2',
      [{ isr: [0, 1], replicas: [0, 1, 2] }, { isr: [0, 1] }],
    ],
  ])('%s', async (expected, minInSync, list) => {
    expect((await stepWith(minInSync, ...list)).startsWith(expected)).toBe(true);
  });

  it('are named for five partitions at most', async () => {
    const few = Array.from({ length: 7 }, () => ({ isr: [0], replicas: [0, 1] }));
    expect(await stepWith('2', ...few)).toMatch(/^in-sync replicas: (partition \d has 1, ){5}min\.insync/);
  });
});

describe('its size limit', () => {
  const stepWith = async (maxBytes: string): Promise<string> => {
    const { check, said } = asked(partitionsOf({}), { ...SETTINGS, 'max.message.bytes': maxBytes });
    const failure = await failureOf(check());
    return failure === 'none' ? (said()[3] ?? '') : failure;
  };

  it('is that of a batch', async () => {
    expect(await stepWith('524288')).toMatch(/^ok size limit: max\.message\.bytes is 524288, /);
    expect(await stepWith('524287')).toMatch(
      /^size limit: max\.message\.bytes is 524287, batches have up to 524288 .* \| Set batch\.maxBytes below 524287, or raise/,
    );
  });
});

describe('settings', () => {
  const without = async (settings: Record<string, string> | Error): Promise<string[]> => {
    const { check, said } = asked(partitionsOf({ isr: [0, 1] }), settings);
    await check();
    return said().slice(2);
  };

  it('that are not told are skipped, each by itself', async () => {
    const untold = 'the broker does not tell this setting of the topic';
    expect(await without({})).toEqual([
      `skipped in-sync replicas: 2 at least; ${untold}`,
      `skipped size limit: ${untold}`,
    ]);
    expect(await without({ 'max.message.bytes': '600000' })).toEqual([
      `skipped in-sync replicas: 2 at least; ${untold}`,
      expect.stringMatching('^ok size limit: '),
    ]);
    expect(await without({ 'min.insync.replicas': '1', 'max.message.bytes': '' })).toEqual([
      expect.stringMatching('^ok in-sync replicas: '),
      `skipped size limit: ${untold}`,
    ]);
  });

  it('that cannot be read are no obstacle, and say why', async () => {
    expect((await without(refused('CLUSTER_AUTHORIZATION_FAILED')))[1]).toBe(
      'skipped size limit: this user may not read the settings of the topic (DescribeConfigs)',
    );
    expect((await without(refused('REQUEST_TIMED_OUT')))[1]).toBe(
      'skipped size limit: the settings of the topic cannot be read: refused: REQUEST_TIMED_OUT',
    );
  });
});

describe('a session', () => {
  const session = async (
    answers: { connect?: () => Promise<void>; brokers?: () => Promise<unknown>; answered?: string[] },
    kafka: object = {},
  ) => {
    const { steps, said } = keptSteps();
    const { answered = [], connect = works, brokers = works } = answers;
    const inspector = told({ connect, brokers, answered: new Map(answered.map((name) => [name, 1])) });
    const failure = await failureOf(checkSession(steps, inspector, { brokers: [], ...kafka }));
    return [...said(), failure];
  };
  const SPEAKS = "ok api versions: the broker speaks Kafka's protocol";
  const SASL = { sasl: { mechanism: 'scram-sha-256', username: 'me', password: 'secret' } };

  it('is one without SASL, where the listener answers without', async () => {
    expect(await session({})).toEqual([SPEAKS, 'skipped sasl: not configured', 'none']);
    const forbidden = { brokers: fails(new Error('no')), answered: ['Metadata'] };
    expect(await session(forbidden)).toEqual([SPEAKS, 'skipped sasl: not configured', 'none']);
    expect(await session({ brokers: fails(new Error('Closed connection')) })).toEqual([
      SPEAKS,
      expect.stringMatching(/^sasl: Closed connection \| A listener that asks for SASL closes/),
    ]);
  });

  it('is one with SASL', async () => {
    const brokers = fails(new Error('it is not asked'));
    expect(await session({ brokers }, SASL)).toEqual([
      SPEAKS,
      'ok sasl: authenticated by SCRAM-SHA-256',
      'none',
    ]);
  });

  it.each([
    [Object.assign(new Error('no'), { type: 'ILLEGAL_SASL_STATE' }), 'The listener has no SASL'],
    [
      new Error('SCRAM-SHA-256 mechanism is not supported'),
      'The broker does not offer SCRAM-SHA-256: use one',
    ],
    [
      new Error('the server does not support the mechanism'),
      'The broker does not offer SCRAM-SHA-256: use one',
    ],
    [new Error('wrong'), 'Check the user name, the password and the mechanism.'],
  ])('that is refused says what to change: %s', async (error, advice) => {
    expect(await session({ connect: fails(error), answered: ['ApiVersions'] }, SASL)).toEqual([
      SPEAKS,
      expect.stringMatching(`^sasl: ${error.message} \\| ${advice}`),
    ]);
  });

  it('that had an answer, and no SASL, has failed after that', async () => {
    const connect = fails(new Error('broken'));
    expect(await session({ connect, answered: ['ApiVersions'] })).toEqual([
      SPEAKS,
      expect.stringMatching(/^api versions: broken \| Is this a listener of Kafka\?/),
    ]);
  });

  it('that had none says so, and whose TLS it is where the port speaks that', async () => {
    const connect = fails(new Error('closed'));
    const cluster = await startCluster({ tls: SPEC_TLS });
    const brokers = cluster.addresses;
    const tls = /^api versions: the port speaks TLS \(certificate of 127\.0\.0\.1, .*\): closed \| Set ssl/;
    expect(await session({ connect }, { brokers })).toEqual([expect.stringMatching(tls)]);
    const other = [expect.stringMatching(/^api versions: closed \| Is this a listener of Kafka\?/)];
    expect(await session({ connect }, { brokers, ssl: true })).toEqual(other);
    expect(await session({ connect }, { brokers: async () => brokers })).toEqual(other);
    expect(await session({ connect, answered: ['ApiVersions'] }, { brokers })).toEqual([SPEAKS, ...other]);
    const plain = await startCluster();
    expect(await session({ connect }, { brokers: plain.addresses })).toEqual(other);
  });
});

describe('the brokers', () => {
  it('are tried at the addresses that they name', async () => {
    const { addresses } = await startCluster();
    const [host = '', port] = addresses[0]?.split(':') ?? [];
    const { steps, said } = keptSteps();
    const brokers = async () => [{ host, port: Number(port) }];
    await checkBrokers(steps, told({ brokers }), 1_000);
    expect(said()).toEqual([`ok advertised: the brokers name ${addresses[0]}, and can be reached there`]);
    expect(await failureOf(checkBrokers(steps, told({ brokers: fails(new Error('no')) }), 1_000))).toMatch(
      'advertised: the brokers name an address that cannot be reached: no | Clients connect',
    );
  });

  it('have twice the time of a step: kafkajs tries each of them', async () => {
    const { steps } = keptSteps(600_000);
    const brokers = (): Promise<never> => new Promise(() => undefined);
    expect(await failureOf(checkBrokers(steps, told({ brokers }), 1))).toMatch('did not end within 2 ms');
  });
});
