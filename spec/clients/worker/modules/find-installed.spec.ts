// Which kafkajs a shipping thread uses.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Report } from '../../../../lib/clients/worker/messages/thread-messages.ts';
import { findInstalled } from '../../../../lib/clients/worker/modules/find-installed.ts';
import { workerProgram } from '../../../../lib/clients/worker/worker-program.ts';
import { startCluster } from '../../../support/harness.ts';

const INSTALLED = createRequire(import.meta.url).resolve('kafkajs');

/** A directory with a kafkajs of its own, which is this code. */
function projectWith(code: string): { directory: string; kafkajs: string } {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'winston-kafkajs-project-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const at = join(directory, 'node_modules/kafkajs');
  mkdirSync(at, { recursive: true });
  const kafkajs = join(at, 'index.js');
  writeFileSync(kafkajs, code);
  return { directory, kafkajs };
}

describe('it is', () => {
  it('the one that this library finds', () => {
    expect(findInstalled('kafkajs')).toBe(INSTALLED);
  });

  it('before that, the one that the kafkaModule finds, because it may register codecs in it', () => {
    const { directory, kafkajs } = projectWith('');
    expect(findInstalled('kafkajs', pathToFileURL(join(directory, 'config.mjs')).href)).toBe(kafkajs);
    // With a query, as such URLs may have one.
    expect(findInstalled('kafkajs', `${pathToFileURL(join(directory, 'config.mjs')).href}?x=1`)).toBe(
      kafkajs,
    );
  });

  it('the one that this library finds where the kafkaModule has none, or is no place', () => {
    const empty = realpathSync(mkdtempSync(join(tmpdir(), 'winston-kafkajs-empty-')));
    onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
    expect(findInstalled('kafkajs', pathToFileURL(join(empty, 'config.mjs')).href)).toBe(INSTALLED);
    expect(findInstalled('kafkajs', 'relative.mjs')).toBe(INSTALLED);
  });

  it('the one that the main script finds, where this library is in a place of its own', () => {
    const { directory } = projectWith('');
    renameSync(join(directory, 'node_modules/kafkajs'), join(directory, 'node_modules/not-here'));
    const [, main = ''] = process.argv;
    onTestFinished(() => void process.argv.splice(1, 1, main));
    process.argv[1] = join(directory, 'main.js');
    expect(findInstalled('kafkajs')).toBe(INSTALLED);
    expect(findInstalled('not-here')).toBe(join(directory, 'node_modules/not-here/index.js'));
  });
});

it('looking for it leaves how stacks are written as it was', () => {
  const prepare = vi.fn(() => 'of the application');
  const before = { prepareStackTrace: Error.prepareStackTrace, stackTraceLimit: Error.stackTraceLimit };
  onTestFinished(() => void Object.assign(Error, before));
  Object.assign(Error, { prepareStackTrace: prepare, stackTraceLimit: 7 });
  expect(findInstalled('kafkajs')).toBe(INSTALLED);
  const { prepareStackTrace, stackTraceLimit } = Error;
  expect({ prepareStackTrace, stackTraceLimit }).toEqual({ prepareStackTrace: prepare, stackTraceLimit: 7 });
});

/** Has a thread with this kafkajs connect, and gives its answer. */
async function connectWith(kafkajs: string | undefined, brokers: string[]): Promise<Report | Error> {
  const { port1, port2 } = new MessageChannel();
  const settings = { acks: -1, idempotent: false, requestTimeoutMs: 5_000, logLevel: 0, log: 1 };
  const start = {
    kafkajs,
    imports: [],
    port: port2,
    reports: new Int32Array(new SharedArrayBuffer(4)),
  };
  const worker = new Worker(workerProgram(), {
    eval: true,
    execArgv: [],
    workerData: { winstonKafkajs: start },
    transferList: [port2],
  });
  onTestFinished(async () => void (await worker.terminate()));
  port1.postMessage({ call: 0, transport: 1, kind: 'open', settings });
  port1.postMessage({ call: 1, transport: 1, kind: 'connect', client: 1, kafka: { brokers } });
  const answered = (async () => {
    for (;;) {
      const [report] = (await once(port1, 'message')) as [Report];
      if ('call' in report && report.call === 1) return report;
    }
  })();
  return await Promise.race([answered, once(worker, 'error').then(([error]) => error as Error)]);
}

describe('a thread', () => {
  it('uses the one that was found', async () => {
    const { kafkajs } = projectWith("throw new Error('this one')");
    expect(await connectWith(kafkajs, [])).toMatchObject({ message: expect.stringContaining('this one') });
  });

  it.each<[string, () => string | undefined]>([
    ['none was found', () => undefined],
    // Yarn's Plug'n'Play finds it in an archive, for threads that have loaded its preload.
    [
      'it cannot be loaded in the thread',
      () => '/project/.yarn/cache/kafkajs.zip/node_modules/kafkajs/index.js',
    ],
  ])('uses its own copy where %s', async (_name, kafkajs) => {
    const cluster = await startCluster();
    expect(await connectWith(kafkajs(), cluster.addresses)).toEqual({
      kind: 'done',
      call: 1,
      answer: undefined,
    });
  });

  it('says so where a part of it is missing, and does not take another one', async () => {
    const { kafkajs } = projectWith("require('./not-there.js')");
    expect(await connectWith(kafkajs, [])).toMatchObject({
      message: expect.stringContaining('./not-there.js'),
    });
  });
});
