import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Screen } from '../../lib/command/screen.ts';
import { listSpool } from '../../lib/command/spool.ts';
import type { SeenSegment } from '../../lib/spool/inspect.ts';
import { recordOf } from '../sender/rig.ts';
import { brokersOf, Reader, ran, startCluster } from './rig.ts';
import { COUNT, directory, spooling } from './spool-rig.ts';

/** All files with their contents and times. */
function everything(path: string): unknown[] {
  return (readdirSync(path, { recursive: true }) as string[]).sort().map((name) => {
    const file = join(path, name);
    const { mtimeMs, ctimeMs, size, mode } = statSync(file);
    const content = statSync(file).isFile() ? readFileSync(file, 'latin1') : '';
    return { name, mtimeMs, ctimeMs, size, mode, content };
  });
}

it('lists and prints what a running process owns, and changes nothing', async () => {
  const cluster = await startCluster();
  const path = directory();
  const transport = await spooling(cluster, path);
  onTestFinished(async () => void (await transport.close()));
  const before = everything(path);
  const listed = await ran(['spool', path]);
  const printed = await ran(['spool', path, '--print']);
  expect(everything(path)).toEqual(before);
  expect(listed.code).toBe(0);
  expect(listed.out).toContain(`logs: ${COUNT}`);
  expect(listed.out).toContain(`belongs to process ${process.pid}`);
  expect(listed.out).toMatch(new RegExp(`^${COUNT} records wait in \\d+ segments\\.$`, 'm'));
  const lines = printed.out.split('\n').slice(0, -1);
  expect(lines.map((line) => line.slice(25))).toEqual(
    Array.from({ length: COUNT }, (_, at) => `info    record ${at}`),
  );
});

it('leaves to a running process what is its own, with --replay', async () => {
  const cluster = await startCluster();
  const path = directory();
  const transport = await spooling(cluster, path);
  onTestFinished(async () => void (await transport.close()));
  expect(JSON.parse((await ran(['spool', path, '--json'])).out)).toMatchObject({ waiting: COUNT });
  const { code, out } = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)]);
  expect([code, out]).toEqual([0, 'No records have been left behind.\n']);
});

it('sends what was left behind, in order and once, and the spool is empty', async () => {
  const cluster = await startCluster({ topics: { logs: 1 } });
  const path = directory();
  await (await spooling(cluster, path)).close();
  const listed = await ran(['spool', path, '--json']);
  expect(JSON.parse(listed.out)).toMatchObject({ waiting: COUNT });
  await cluster.up();
  const { code, out } = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)]);
  expect(out).toMatch(
    new RegExp(`100 % \\(${COUNT} of ${COUNT}\\)\n${COUNT} of ${COUNT} records were delivered\\.\n$`),
  );
  expect(out).not.toContain('\r');
  expect(code).toBe(0);
  expect(cluster.values('logs').map((value) => JSON.parse(value).message)).toEqual(
    Array.from({ length: COUNT }, (_, at) => `record ${at}`),
  );
  expect(JSON.parse((await ran(['spool', path, '--json'])).out)).toEqual({ waiting: 0, segments: [] });
});

it('keeps what cannot be sent, and says so', async () => {
  const cluster = await startCluster();
  const path = directory();
  await (await spooling(cluster, path)).close();
  const args = ['spool', path, '--replay', '--brokers', brokersOf(cluster), '--timeout', '500'];
  const { code, out } = await ran(args);
  expect(code).toBe(1);
  expect(out).toContain(`0 of ${COUNT} records were delivered; ${COUNT} were not.`);
  expect(JSON.parse((await ran(['spool', path, '--json'])).out)).toMatchObject({ waiting: COUNT });
});

it('says what it could not read, and shows the rest: records of another user looked as if there were none', async () => {
  const cluster = await startCluster();
  const path = directory();
  await (await spooling(cluster, path)).close();
  // As unreadable as one that belongs to another user, for root too.
  mkdirSync(join(path, 'left-0123456789abcdef.0', 'a.seg'), { recursive: true });
  writeFileSync(join(path, 'left-0123456789abcdef.1'), '');
  const listed = await ran(['spool', path]);
  expect(listed.code).toBe(1);
  expect(listed.out).toContain(`logs: ${COUNT}`);
  expect(listed.err).toMatch(/^winston-kafkajs: EISDIR.*\nwinston-kafkajs: ENOTDIR.*\n$/);
  await cluster.up();
  const replayed = await ran(['spool', path, '--replay', '--brokers', brokersOf(cluster)]);
  expect(replayed.out).toContain(`${COUNT} of ${COUNT} records were delivered.`);
  expect([replayed.code, replayed.err]).toEqual([1, listed.err]);
});

it('held all of a spool in memory at once, and ended for that: a file is read when those before it are shown', async () => {
  const cluster = await startCluster();
  const path = directory();
  await (await spooling(cluster, path)).close();
  const left = readdirSync(path).filter((name) => name.startsWith('left-'));
  cpSync(join(path, left[0] ?? ''), join(path, 'left-ffffffffffffffff.0'), { recursive: true });
  const last = join(path, 'left-ffffffffffffffff.0');
  const { code, out } = await ran(['spool', path, '--print'], {
    onOut: () => rmSync(last, { recursive: true, force: true }),
  });
  expect([code, out.split('\n').length - 1]).toEqual([0, COUNT]);
});

it('wrote on where nobody read it (`| less`): all of a spool waited in memory', async () => {
  const cluster = await startCluster();
  const path = directory();
  await (await spooling(cluster, path)).close();
  const reader = new Reader();
  let lines = 0;
  const printing = ran(['spool', path, '--print'], {
    reader,
    onOut: () => {
      reader.isBehind = ++lines === 10;
    },
  });
  await once(reader, 'awaited');
  expect(lines).toBe(10);
  reader.goOn();
  expect((await printing).out.split('\n').length - 1).toBe(COUNT);
});

it.each([{ more: [] }, { more: ['--print'] }, { more: ['--replay', '--brokers', '127.0.0.1:1'] }])(
  'could not be ended by Ctrl-C while it read a large spool: with $more',
  async ({ more }) => {
    const cluster = await startCluster();
    const path = directory();
    await (await spooling(cluster, path)).close();
    const { code, out } = await ran(['spool', path, ...more], { signal: AbortSignal.abort() });
    expect([code, out]).toEqual([1, '']);
  },
);

it('says since when records wait, and of damage', async () => {
  let text = '';
  const screen = new Screen({ write: (more) => (text += more) }, {});
  async function* segments(): AsyncGenerator<SeenSegment> {
    const waiting = [7_000, 5_000, 6_000].map((time) => Object.assign(recordOf(), { time }));
    const owner = { isGone: true, pid: undefined };
    yield { directory: 'left', name: 'a', owner, bytes: 9, damages: 2, waiting };
  }
  expect(await listSpool(segments(), false, screen)).toBe(0);
  expect(text).toContain('a  3 waiting, 9 bytes, the oldest of 1970-01-01T00:00:05.000Z\n');
  expect(text).toContain('\n  2 damaged stretches\n');
});

it.each(['/does/not/exist', import.meta.filename])('refuses what is no directory', async (path) => {
  const { code, err } = await ran(['spool', path]);
  expect(code).toBe(2);
  expect(err).toContain('cannot be read');
});
