// A broker that closes a connection left @platformatic/kafka's timer for the end of its SASL session, and the process lived as long.
import { expect, it } from 'vitest';
import { numbered, startCluster } from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

const SESSION_MS = 3_600_000;

it('a process ends after a broker has closed a connection whose session would last an hour', async () => {
  const cluster = await startCluster({ sasl: () => true, saslSessionLifetimeMs: SESSION_MS });
  cluster.inject({ api: 'Produce', action: { cut: 'before-store' } });
  const sasl = { mechanism: 'plain', username: 'shop', password: 'secret' };
  const options = { kafka: { brokers: cluster.addresses, sasl } };
  const { code, stderr, values } = await runProgram(cluster, { act: 'logs and ends', options });
  expect({ code, stderr, values }).toEqual({ code: 0, stderr: '', values: numbered(500) });
}, 40_000);
