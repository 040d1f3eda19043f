import { Worker } from 'node:worker_threads';
import { KafkaTransportError, messageOf } from '../../errors.ts';
import { throwInvalidOption } from '../../util/check-option.ts';
import { zlib } from '../../util/node-modules.ts';
import { throwError } from '../../util/throw-error.ts';
import { packedProgram } from './packed-program.ts';
import { isShippingThread } from './shipping-thread.ts';

let text: string | undefined;
/** The lists of flags that Node takes for a thread, as JSON. */
const taken = new Set<string>();

/**
 * The program of the shipping thread, as a text to start a `Worker` with. Loaded when it is first asked for.
 *
 * @throws KafkaTransportError where there is none
 */
export function workerProgram(): string {
  text ??= unpack();
  return text;
}

/**
 * To be asked before there is anything to send: a thread that can never start is a mistake in the set-up.
 *
 * @throws KafkaTransportError that says what to do
 */
export function checkWorkerCanStart(execArgv: readonly string[]): void {
  const flags = JSON.stringify(execArgv);
  if (isShippingThread() || taken.has(flags)) return;
  workerProgram();
  try {
    // Node checks all else (flags, its permission model) before it finds that a function cannot be handed over, and only then
    // would it start the thread (lib/internal/worker.js: `startThread` comes last). It never frees a `Worker` that was not started,
    // 11 kB (Node 20), so it is asked once.
    new Worker('', { eval: true, execArgv: [...execArgv], workerData: () => undefined });
  } catch (error) {
    const { name, code } = error as { name?: unknown; code?: unknown };
    if (name === 'DataCloneError') {
      taken.add(flags);
      return;
    }
    if (code === 'ERR_WORKER_INVALID_EXEC_ARGV')
      throwInvalidOption(
        'workerOptions.execArgv',
        `flags that Node takes for a thread (${messageOf(error)})`,
        execArgv,
      );
    const what =
      code === 'ERR_ACCESS_DENIED'
        ? "Node's permission model allows no threads: add --allow-worker"
        : messageOf(error);
    throwCannotStart(`a thread cannot be started here: ${what}`);
  }
}

function unpack(): string {
  let found = '';
  try {
    const packed = packedProgram();
    if (typeof packed === 'string')
      return zlib().brotliDecompressSync(Buffer.from(packed, 'base64')).toString();
  } catch (error) {
    found = ` (${messageOf(error)})`;
  }
  throwCannotStart(
    `the program of its thread is not here${found}: leave winston-kafkajs out of the bundle, as an external package`,
  );
}

function throwCannotStart(why: string): never {
  const text = `winston-kafkajs: option "worker" cannot be true: ${why}; or leave "worker" out.`;
  throwError(new KafkaTransportError('ERR_INVALID_OPTION', text, { option: 'worker' }));
}
