// Names and messages come from brokers, certificates and files: what is printed of them must not steer the terminal.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PendingRecord } from '../../lib/record/record.ts';
import { Segment } from '../../lib/spool/segments/segment.ts';
import { STEERING_TLS } from '../../testing/broker/spec-tls.ts';
import { brokersOf, ran, startCluster } from './rig.ts';
import { directory } from './spool-rig.ts';

const PLAIN = /^[\n -~]*$/;

it.each([
  ['that is refused', ['--ssl']],
  ['at a port that was taken for a plain one', []],
])('check printed the name in a certificate as it was: of one %s', async (_, more) => {
  const cluster = await startCluster({ tls: STEERING_TLS });
  const args = ['check', '--brokers', brokersOf(cluster), '--topic', 'logs', ...more];
  const { code, out } = await ran(args);
  expect(out).toMatch(PLAIN);
  expect(out).toContain('certificate of \\u001b]0;title\\u0007');
  expect(out.split('\n').filter((line) => /^ok +topic/.test(line))).toEqual([]);
  expect(code).toBe(1);
  const json = JSON.parse((await ran([...args, '--json'])).out);
  expect(json.steps.at(-1).detail).toContain('certificate of \u001b]0;title\u0007');
});

it('check and tail printed what a broker says about a password as it was', async () => {
  const cluster = await startCluster({ sasl: () => 'no\u001b]0;title\u0007 entry' });
  const env = { KAFKA_SASL_USERNAME: 'shop', KAFKA_SASL_PASSWORD: 'kept-out-of-sight' };
  const where = ['--brokers', brokersOf(cluster), '--topic', 'logs'];
  const { out } = await ran(['check', ...where], { env });
  const { err } = await ran(['tail', ...where], { env });
  for (const text of [out, err]) {
    expect(text).toMatch(PLAIN);
    expect(text).toContain('no\\u001b]0;title\\u0007 entry');
  }
});

it('spool printed the name of a topic as it was', async () => {
  const topic = 'logs\u001b[2J';
  const path = directory();
  const left = join(path, 'left-0123456789abcdef.1');
  mkdirSync(left);
  const segment = new Segment(left, '0000000000000001-0000000000000001-00000001').create();
  const content = { topic, level: 'info', severity: 2, time: 1, text: 'one', key: null };
  segment.append([new PendingRecord({ ...content, headers: undefined, info: undefined } as never)], false);
  segment.close();
  const { out } = await ran(['spool', path]);
  expect(out).toMatch(PLAIN);
  expect(out).toContain('  logs\\u001b[2J: 1\n');
  expect(JSON.parse((await ran(['spool', path, '--json'])).out).segments[0].topics).toEqual({ [topic]: 1 });
  const cluster = await startCluster();
  const replayed = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)]);
  expect(replayed.out).toMatch(PLAIN);
  expect(replayed.out).toContain('logs\\u001b[2J: 1 refused');
});
