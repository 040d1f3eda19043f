import { expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../lib/clients/worker/messages/thread-messages.ts';
import { forwardStdio } from '../../lib/worker-thread/forwarded-stdio.ts';

function forwarded(): Report[] {
  const streams = [process.stdout, process.stderr];
  const own = streams.map(({ write }) => write);
  onTestFinished(() => streams.forEach((stream, at) => void Object.assign(stream, { write: own[at] })));
  const reports: Report[] = [];
  forwardStdio((report) => reports.push(report));
  return reports;
}

it('what is printed is handed on, and whoever waits for it is called', async () => {
  const reports = forwarded();
  // There is room for more.
  expect(process.stdout.write('a text')).toBe(true);
  let isWritten = false;
  const written = new Promise<void>((resolve) => {
    process.stderr.write(Buffer.from('bytes'), () => {
      isWritten = true;
      resolve();
    });
  });
  expect(isWritten).toBe(false);
  await written;
  expect(reports).toEqual([
    { kind: 'print', to: 'stdout', text: 'a text' },
    { kind: 'print', to: 'stderr', text: 'bytes' },
  ]);
});

it('bytes that are no Buffer, and a text in an encoding of its own, were handed on as numbers and as they are', async () => {
  const reports = forwarded();
  process.stdout.write(new Uint8Array([104, 105]));
  await new Promise<void>((resolve) => void process.stdout.write('6869', 'hex', () => resolve()));
  expect(reports).toEqual([
    { kind: 'print', to: 'stdout', text: 'hi' },
    { kind: 'print', to: 'stdout', text: 'hi' },
  ]);
});
