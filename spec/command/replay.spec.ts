import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { replay } from '../../lib/command/replay.ts';
import { Screen } from '../../lib/command/screen.ts';
import { type SeenSegment, segmentsSeen } from '../../lib/spool/inspect.ts';
import { systemClock } from '../../lib/time/clock.ts';
import { ERROR } from '../../testing/broker/broker-cluster.ts';
import { brokersOf, ran, startCluster } from './rig.ts';
import { COUNT, leftBehind, messagesIn, waitingIn } from './spool-rig.ts';

const all = Array.from({ length: COUNT }, (_, at) => `record ${at}`);

it('removed from disk what the user had no right to write: it stays, and a second replay delivers it in order', async () => {
  const cluster = await startCluster({ topics: { logs: 1, audit: 1 } });
  const isAudit = (message: string): boolean => Number(/\d+/.exec(message)?.[0]) % 4 === 0;
  const path = await leftBehind(cluster, ({ message }) =>
    isAudit(JSON.parse(message).message) ? 'audit' : 'logs',
  );
  const forbidden = cluster.inject({
    api: 'Produce',
    topic: 'audit',
    times: Number.POSITIVE_INFINITY,
    action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED },
  });
  const args = ['spool', path, '--replay', '--brokers', brokersOf(cluster)];
  const refused = await ran(args);
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/^30 of 40 records were delivered; 10 were not\.\naudit: 10 refused \(.+\)\n/m);
  expect(refused.out).toContain('They stay in the spool: ');
  expect(refused.out).not.toContain('dropp');
  expect(await waitingIn(path)).toBe(10);
  expect(messagesIn(cluster, 'audit')).toEqual([]);
  forbidden.remove();
  const repaired = await ran(args);
  expect(repaired.code).toBe(0);
  expect(repaired.out).toMatch(/^10 of 10 records were delivered\.$/m);
  expect(messagesIn(cluster, 'audit')).toEqual(all.filter(isAudit));
  expect(messagesIn(cluster, 'logs')).toEqual(all.filter((message) => !isAudit(message)));
  expect(await waitingIn(path)).toBe(0);
});

it('removed from disk what was too large for the topic: it stays', async () => {
  const cluster = await startCluster({ topics: { logs: 1 }, maxMessageBytes: 40 });
  const path = await leftBehind(cluster);
  const { code, out } = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)]);
  expect(code).toBe(1);
  expect(out).toMatch(/^logs: 40 refused \(.*large.*\)$/m);
  expect(await waitingIn(path)).toBe(COUNT);
  const large = await startCluster({ topics: { logs: 1 } });
  expect(await ran(['spool', path, '--replay', '--brokers', brokersOf(large)])).toMatchObject({ code: 0 });
  expect(messagesIn(large, 'logs')).toEqual(all);
  expect(await waitingIn(path)).toBe(0);
});

it('said that nothing was delivered, of what arrived while it was being closed', async () => {
  const cluster = await startCluster({ topics: { logs: 1 } });
  const path = await leftBehind(cluster);
  let answer = (): void => undefined;
  const hold = new Promise<void>((resolve) => {
    answer = resolve;
  });
  cluster.inject({ api: 'Produce', times: Number.POSITIVE_INFINITY, action: { hold } });
  const controller = new AbortController();
  cluster.on('request', ({ api }) => {
    if (api === 'Produce') controller.abort();
  });
  const { code, out } = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)], {
    signal: controller.signal,
    isTTY: true,
    // The bar has ended.
    onOut: (soFar) => {
      if (soFar.endsWith('\n')) answer();
    },
  });
  expect(out).toMatch(/\n40 of 40 records were delivered\.\n$/);
  expect(code).toBe(0);
  expect(await waitingIn(path)).toBe(0);
});

it('counted a damaged stretch as one of the records that were to be sent', async () => {
  const cluster = await startCluster({ topics: { logs: 1 } });
  const path = await leftBehind(cluster);
  const [segment = ''] = (readdirSync(path, { recursive: true }) as string[]).filter((name) =>
    name.endsWith('.seg'),
  );
  const file = join(path, segment);
  const bytes = readFileSync(file);
  bytes.fill(0, bytes.indexOf('record 20'), bytes.indexOf('record 20') + 9);
  writeFileSync(file, bytes);
  const { code, out } = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)]);
  expect(out).toContain('100 % (39 of 39)');
  // The damage is what was wrong: but nothing is left.
  expect(out).toMatch(/\n39 of 39 records were delivered\.\n$/);
  expect(out).not.toContain('(40 of');
  expect(code).toBe(0);
});

it('says how far it is once for each tenth in a pipe, and leaves signals to the command', async () => {
  const cluster = await startCluster({ topics: { logs: 1 } });
  const path = await leftBehind(cluster);
  let answer = (): void => undefined;
  const hold = new Promise<void>((resolve) => {
    answer = resolve;
  });
  cluster.inject({ api: 'Produce', action: { hold } });
  const handlers = process.listenerCount('SIGTERM');
  const handlersSeen = new Set<number>();
  let steps = 0;
  const after = systemClock.after;
  const waiting = vi.spyOn(systemClock, 'after').mockImplementation((ms, fn, keepAlive) => {
    if (ms === 200 && ++steps === 4) answer();
    return after(ms, fn, keepAlive);
  });
  onTestFinished(() => waiting.mockRestore());
  const { out } = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)], {
    onOut: () => handlersSeen.add(process.listenerCount('SIGTERM')),
  });
  expect(out.match(/^0 % \(0 of 40\)$/gm)).toHaveLength(1);
  expect([...handlersSeen]).toEqual([handlers]);
});

it('waited for all of its time for what another process had taken over meanwhile', async () => {
  const cluster = await startCluster({ topics: { logs: 1 } });
  const path = await leftBehind(cluster);
  async function* counted(): AsyncGenerator<SeenSegment> {
    const segments = [...segmentsSeen(path, Date.now(), () => undefined)];
    yield* [...segments, ...segments];
  }
  let out = '';
  const screen = new Screen({ write: (text) => (out += text) }, {});
  const code = await replay(
    {
      directory: path,
      segments: counted(),
      kafka: { brokers: cluster.addresses },
      signal: new AbortController().signal,
      timeoutMs: 600_000,
    },
    screen,
  );
  expect(code).toBe(1);
  expect(out).toContain(`${COUNT} of ${2 * COUNT} records were delivered; ${COUNT} were not.\n`);
});
