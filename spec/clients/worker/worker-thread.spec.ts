// A worker thread, from its start to its end, and what is asked of it.
import { once } from 'node:events';
import { Session } from 'node:inspector/promises';
import { MessagePort } from 'node:worker_threads';
import { type LogEntry, logLevel } from 'kafkajs';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SendOutcome } from '../../../lib/clients/client.ts';
import type { Remark, Task, WorkerSettings } from '../../../lib/clients/worker/messages/thread-messages.ts';
import { recordsToWire } from '../../../lib/clients/worker/messages/wire-records.ts';
import { WorkerThread } from '../../../lib/clients/worker/worker-thread.ts';
import { isGuarded } from '../../../lib/loop-safety/guard.ts';
import { systemClock } from '../../../lib/time/clock.ts';
import { HeldClock, recordOf } from '../../sender/rig.ts';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { WORKER_SETTINGS } from '../client-settings.ts';
import { hangingModule, watchWorkers } from './rig.ts';

const threads: WorkerThread[] = [];
afterAll(async () => {
  for (const thread of threads) await thread.end('the specs are over');
});

function started(
  execArgv: string[] = [],
  onEnded: () => void = () => undefined,
  clock = new HeldClock(),
): WorkerThread {
  const thread = new WorkerThread({ kafkajs: undefined, execArgv }, clock, onEnded);
  threads.push(thread);
  return thread;
}

/** A transport of the thread, and what it hears. */
function joined(thread: WorkerThread, settings: Partial<WorkerSettings> = {}, logKey: unknown = {}) {
  const lines: LogEntry[] = [];
  const remarks: Remark[] = [];
  const user = {
    logKey,
    onLine: (entry: LogEntry) => void lines.push(entry),
    onRemark: (remark: Remark) => void remarks.push(remark),
  };
  const number = thread.join(user, { ...WORKER_SETTINGS, ...settings });
  const ask = (task: Task): Promise<string> =>
    new Promise((resolve) =>
      thread.give(number, task, {
        onOutcome: (outcome: SendOutcome) =>
          resolve('error' in outcome ? (outcome.error as Error).message : 'done'),
      }),
    );
  return { number, lines, remarks, ask };
}

const moduleOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const connect: Task = { kind: 'connect', client: 1, kafka: undefined };
const close: Task = { kind: 'close', client: 1 };

describe('its transports', () => {
  it('are told apart: each has clients of its own, and hears of those', async () => {
    const cluster = await startCluster();
    const thread = started();
    const kafka = { brokers: cluster.addresses };
    const [one, other] = [joined(thread), joined(thread)];
    expect(await one.ask({ ...connect, kafka } as Task)).toBe('done');
    const batch = { topic: TOPIC, partition: 0, records: recordsToWire([recordOf()]) };
    expect(await one.ask({ kind: 'send', client: 1, batch })).toBe('done');
    expect(await other.ask({ kind: 'send', client: 1, batch })).toBe('this client is not connected');
    expect(one.remarks.map(({ kind }) => kind)).toEqual(['path', 'partitions']);
    expect(other.remarks).toEqual([]);
  });

  it('hear the lines of the clients whose lines go to the same place, also when one of them has left', async () => {
    const cluster = await startCluster();
    const thread = started();
    const kafka = { brokers: cluster.addresses };
    const settings = { logLevel: logLevel.DEBUG };
    const [one, same, other] = [
      joined(thread, settings, ['key']),
      joined(thread, settings, ['key']),
      joined(thread, settings, ['another']),
    ];
    await same.ask({ ...connect, kafka } as Task);
    expect([one.lines.length > 0, same.lines, other.lines]).toEqual([true, [], []]);
    await thread.leave(one.number);
    const { length } = one.lines;
    await same.ask(close);
    expect([one.lines.length, same.lines.length > 0, other.lines]).toEqual([length, true, []]);
    await other.ask({ ...connect, kafka } as Task);
    expect(other.lines.length).toBeGreaterThan(0);
  });

  it('that leave have their clients cut; the last one ends the thread', async () => {
    const cluster = await startCluster();
    const ended = vi.fn();
    const thread = started([], ended);
    const [one, last] = [joined(thread), joined(thread)];
    await one.ask({ ...connect, kafka: { brokers: cluster.addresses } } as Task);
    await thread.leave(one.number);
    await cluster.until(() => cluster.connections === 0);
    expect(await last.ask({ kind: 'kill', client: 1 })).toBe('done');
    expect([thread.hasEnded, ended.mock.calls.length]).toEqual([false, 0]);
    const hanging = last.ask({ kind: 'close', client: 7 });
    await thread.leave(last.number);
    expect([thread.hasEnded, ended.mock.calls.length]).toEqual([true, 1]);
    expect(['done', 'the worker thread of the Kafka client has ended: the transport was closed']).toContain(
      await hanging,
    );
  });
});

describe('what is asked of it', () => {
  it('fails at once where it cannot be handed over', async () => {
    const { ask } = joined(started());
    const kafka = { brokers: [], ssl: { checkServerIdentity: () => undefined } };
    expect(await ask({ ...connect, kafka } as Task)).toMatch('could not be cloned');
    expect(await ask({ kind: 'kill', client: 1 })).toBe('done');
  });

  it('fails once, where it could not be handed over', async () => {
    const thread = started();
    const { number } = joined(thread);
    const onOutcome = vi.fn();
    const kafka = { brokers: [], ssl: { checkServerIdentity: () => undefined } };
    thread.give(number, { ...connect, kafka } as Task, { onOutcome });
    await thread.end('it is over');
    expect(onOutcome).toHaveBeenCalledTimes(1);
  });

  it('fails when it ends, and from then on at once', async () => {
    const { url, hangs } = hangingModule();
    const ended = vi.fn();
    const thread = started([], ended);
    const { ask } = joined(thread, { kafkaModule: url.href });
    const connecting = ask(connect);
    await hangs;
    const ending = thread.end('a reason');
    const why = 'the worker thread of the Kafka client has ended: a reason';
    expect([thread.hasEnded, ended.mock.calls.length]).toEqual([true, 1]);
    expect(await connecting).toBe(why);
    expect(await ask(connect)).toBe(why);
    await ending;
    await thread.end('another reason');
    expect([await ask(connect), ended.mock.calls.length]).toEqual([why, 1]);
    const isWaiting = vi.fn(() => true);
    thread.listen(isWaiting, 10);
  });

  it('fails with what the thread has thrown', async () => {
    const { ask } = joined(started(), {
      kafkaModule: moduleOf(
        "setImmediate(() => { throw new Error('a defect'); }); await new Promise(() => {});",
      ),
    });
    expect(await ask(connect)).toBe('the worker thread of the Kafka client has ended: a defect');
  });

  it('fails with the code that the thread has ended with', async () => {
    const { ask } = joined(started(), { kafkaModule: moduleOf('process.exit(3)') });
    expect(await ask(connect)).toBe('the worker thread of the Kafka client has ended: exit code 3');
  });

  it('is heard of while the event loop stands still, until the time is up', async () => {
    const clock = new HeldClock();
    const thread = started([], () => undefined, clock);
    const { number } = joined(thread);
    let outcome: SendOutcome | undefined;
    thread.give(number, close, {
      onOutcome: (what) => {
        outcome = what;
      },
    });
    thread.listen(() => outcome === undefined, 60_000);
    expect(outcome).toEqual({ answer: undefined });
    thread.listen(() => true, 0);
    const real = started([], () => undefined, systemClock as never);
    const until = systemClock.monotonic() + 20;
    real.listen(() => true, until);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(until);
  });

  describe('and was answered a moment ago', () => {
    const { load } = Atomics;
    /** A thread that has answered all it was asked: two reports. @param onLook what happens before its reports are counted */
    async function readyThread(onLook: (reports: Int32Array) => void) {
      const thread = started();
      const { number, ask } = joined(thread);
      await ask(close);
      const looks = vi.spyOn(Atomics, 'load').mockImplementation(((reports: Int32Array) => {
        onLook(reports);
        return load(reports, 0);
      }) as never);
      onTestFinished(() => looks.mockRestore());
      return { thread, number };
    }

    it('is heard of at once, where that came between two looks', async () => {
      const { thread, number } = await readyThread((reports) => {
        while (load(reports, 0) < 3);
      });
      const wait = vi.spyOn(Atomics, 'wait');
      onTestFinished(() => wait.mockRestore());
      const heard = vi.fn();
      thread.give(number, close, { onOutcome: heard });
      thread.listen(() => heard.mock.calls.length === 0, 60_000);
      expect(heard).toHaveBeenCalled();
      expect(wait).not.toHaveBeenCalled();
    });

    it('has not failed, though the thread ends before anybody has heard of it', async () => {
      let reports: Int32Array = new Int32Array();
      const { thread, number } = await readyThread((its) => {
        reports = its;
      });
      thread.listen(() => true, 0);
      const heard = vi.fn();
      thread.give(number, close, { onOutcome: heard });
      while (load(reports, 0) < 3);
      await thread.end('it is over');
      expect(heard.mock.calls).toEqual([[{ answer: undefined }]]);
    });
  });
});

describe('the thread', () => {
  it('has none of the flags that the application’s own threads are started with, and those that were asked for', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-deprecation');
    vi.stubEnv('Node_Options', '--no-warnings');
    vi.stubEnv('SPEC_MARK', 'kept');
    onTestFinished(() => void vi.unstubAllEnvs());
    const code = `throw new Error(JSON.stringify([process.env.NODE_OPTIONS, process.env.Node_Options, process.env.SPEC_MARK, process.execArgv]))`;
    const thread = started(['--trace-warnings']);
    const { ask } = joined(thread, { kafkaModule: moduleOf(code) });
    expect(await ask(connect)).toContain('[null,null,"kept",["--trace-warnings"]]');
  });

  it('imports what the flags name before it connects', async () => {
    const first = moduleOf('await new Promise(setImmediate); globalThis.isImported = true');
    const { ask } = joined(started(['--import', first]), {
      kafkaModule: moduleOf("throw new Error('imported: ' + globalThis.isImported)"),
    });
    expect(await ask(connect)).toMatch('imported: true');
  });

  it('has what is printed in it printed here, under the flag, and ends nothing where that fails', async () => {
    const printed: string[] = [];
    const note =
      (to: string) =>
      (text: unknown): boolean => {
        printed.push(`${to} ${String(text).trim()} ${isGuarded()}`);
        throw new Error('a broken pipe');
      };
    const spies = (['stdout', 'stderr'] as const).map((to) =>
      vi.spyOn(process[to], 'write').mockImplementation(note(to) as never),
    );
    onTestFinished(() => spies.forEach((spy) => void spy.mockRestore()));
    // The last is Node's warning of kafkajs's timers: it is kept back.
    const code =
      "console.log('one'); console.error('two'); process.emitWarning('-1 ms', 'TimeoutNegativeWarning');" +
      "await new Promise(setImmediate); throw new Error('over')";
    expect(await joined(started(), { kafkaModule: moduleOf(code) }).ask(connect)).toMatch('over');
    expect(printed).toEqual(['stdout one true', 'stderr two true']);
  });

  it('that cannot be started leaves no port behind that keeps the process alive, and says why', () => {
    const ports = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const before = ports();
    const close = vi.spyOn(MessagePort.prototype, 'close');
    onTestFinished(() => close.mockRestore());
    // Node throws out of the constructor as well where the system has no thread for it: EAGAIN.
    expect(() => started(['--no-such-flag'])).toThrow(
      /^the worker thread of the Kafka client cannot be started: .*--no-such-flag/,
    );
    expect(ports()).toBe(before);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('is known by its name, and ends by itself where nothing is left to do', async () => {
    const workers = watchWorkers();
    const session = new Session();
    session.connect();
    onTestFinished(() => session.disconnect());
    const attached = once(session, 'NodeWorker.attachedToWorker');
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    const thread = started();
    await joined(thread).ask(close);
    const [{ params }] = await attached;
    expect(params.workerInfo.title).toMatch(/ winston-kafkajs$/);
    const [worker] = workers;
    const ended = worker && once(worker, 'exit');
    await thread.end('it is over');
    expect(await ended).toEqual([1]);
  });
});
