import type { Report } from '../clients/worker/messages/thread-messages.ts';

/**
 * Hands on what is printed in this thread. By itself it would go through the main thread's `process.stdout`, outside the
 * flag: captured and logged there, a line that is printed for each send would be a loop.
 */
export function forwardStdio(report: (what: Report) => void): void {
  for (const to of ['stdout', 'stderr'] as const) {
    const write = (text: string, ...rest: unknown[]): boolean => {
      const [encoding] = rest;
      // Of a text, its encoding; of bytes of whatever class, the text.
      const bytes = Buffer.from(
        text,
        typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined,
      );
      report({ kind: 'print', to, text: bytes.toString() });
      const done = rest.at(-1);
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
    Object.assign(process[to], { write });
  }
}
