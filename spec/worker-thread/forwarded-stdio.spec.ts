import { expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../lib/clients/worker/messages/thread-messages.ts';
import { forwardStdio } from '../../lib/worker-thread/forwarded-stdio.ts';

it('what is printed is handed on, whatever its kind, and whoever waits for it is called', async () => {
  const streams = [process.stdout, process.stderr];
  const own = streams.map(({ write }) => write);
  onTestFinished(() => streams.forEach((stream, at) => void Object.assign(stream, { write: own[at] })));
  const reports: Report[] = [];
  forwardStdio((report) => reports.push(report));
  process.stdout.write('a text');
  await new Promise<void>((resolve) => void process.stderr.write(Buffer.from('bytes'), () => resolve()));
  expect(reports).toEqual([
    { kind: 'print', to: 'stdout', text: 'a text' },
    { kind: 'print', to: 'stderr', text: 'bytes' },
  ]);
});
