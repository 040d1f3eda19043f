import { describe, expect, it, vi } from 'vitest';
import { stderrLines } from '../../../lib/client-log/stderr.ts';
import type { RecordSuppressedMessage } from '../../../lib/index.ts';
import { messagesOn } from '../../observe/subscribed.ts';
import { Collecting, loggerWith, numbered, Slow, startCluster, transportTo } from '../../support/harness.ts';
import { bounded, expectNoLoop, fallsSilent } from '../../support/loops.ts';
import { expectNoUnhandledRejection } from '../faults/rig.ts';

const NAMES = ['batch:sent', 'batch:failed', 'record:dropped', 'record:suppressed', 'state:changed'];

describe('a subscriber of a diagnostics_channel', () => {
  it.each([
    ['a quick sibling', () => new Collecting()],
    ['a slow sibling', () => new Slow()],
  ])(
    'that logs does not have its records shipped, and is not told of them for ever, beside %s',
    async (_, make) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster);
      const sibling = make();
      const logger = loggerWith(sibling, transport);
      const told = NAMES.map((name) =>
        messagesOn(
          name,
          bounded(() => {
            logger.info(`told of ${name}`);
            logger.child({ a: 1 }).info(`told of ${name}, by a child`);
          }),
        ),
      );
      const app = numbered(20);
      for (const message of app) {
        logger.info(message);
        if (message.endsWith('5')) await transport.flush(Infinity);
      }
      await fallsSilent(transport);
      const [sent, failed, dropped, suppressed, states] = told.map(({ length }) => length);
      expect([failed, dropped, states]).toEqual([0, 0, 1]);
      // Of what was logged when batches were sent and the state changed it is told, but not of what it logs about that.
      expect(suppressed).toBe(2 * ((sent ?? 0) + 1));
      const reentrant = NAMES.flatMap((name, at) =>
        Array.from({ length: told[at]?.length ?? 0 }, () => [
          `told of ${name}`,
          `told of ${name}, by a child`,
        ]),
      ).flat();
      if (sibling instanceof Slow) await sibling.has(app.length + reentrant.length);
      await expectNoLoop({ cluster, transport, sibling, app, reentrant });
    },
  );

  it('that logs the very info it was told of is not told of that', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const sibling = new Collecting();
    const logger = loggerWith(sibling, transport);
    const told = messagesOn<RecordSuppressedMessage>(
      'record:suppressed',
      bounded(({ info }) => logger.write(info)),
    );
    transport.once('logged', () => logger.info('from a listener'));
    logger.info('a record');
    await fallsSilent(transport);
    expect(told).toHaveLength(1);
    expect(sibling.messages).toEqual(['a record', 'from a listener', 'from a listener']);
    expect(cluster.values('app-logs')).toEqual(['a record']);
  });

  it('that throws is counted, and neither ends the process nor feeds a logger that handles exceptions', async () => {
    expectNoUnhandledRejection();
    const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
    const cluster = await startCluster();
    const transport = transportTo(cluster, { handleExceptions: true });
    const sibling = new Collecting({ handleExceptions: true });
    const logger = loggerWith(sibling, transport);
    logger.exitOnError = false;
    const sent = messagesOn('batch:sent', () => {
      throw new Error('from a subscriber');
    });
    const others = messagesOn('batch:sent');
    const app = numbered(3);
    for (const message of app) {
      logger.info(message);
      await transport.flush(Infinity);
    }
    await fallsSilent(transport);
    expect([sent.length, others.length]).toEqual([3, 3]);
    expect(transport.stats().callbackFailures.listener).toBe(3);
    expect(print.mock.calls).toEqual([[expect.stringContaining('a listener threw (from a subscriber)')]]);
    print.mockRestore();
    await expectNoLoop({ cluster, transport, sibling, app, reentrant: [] });
    // Afterwards an exception is the application's again.
    expect(process.hasUncaughtExceptionCaptureCallback()).toBe(false);
  });

  it('that throws leaves alone whoever captures exceptions already', async () => {
    const captured: unknown[] = [];
    process.setUncaughtExceptionCaptureCallback((error) => captured.push(error));
    const transport = transportTo(await startCluster());
    const failure = new Error('from a subscriber');
    messagesOn('batch:sent', () => {
      throw failure;
    });
    transport.log({ message: 'a record' });
    await transport.flush(Infinity);
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.hasUncaughtExceptionCaptureCallback()).toBe(true);
    process.setUncaughtExceptionCaptureCallback(null);
    expect(captured).toEqual([failure]);
    expect(transport.stats().callbackFailures.listener).toBe(0);
  });
});
