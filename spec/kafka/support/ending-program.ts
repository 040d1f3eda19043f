// A process of its own that logs numbered records at full speed, and ends as it is told to.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import winston from 'winston';
import { KafkaTransport } from '../../../lib/index.ts';
import type { EndingConfig, EndingReport } from '../rows/endings.ts';
import { textOf } from './traffic.ts';

const PER_TURN = 100;

const { brokers, topic, directory, records, ending } = JSON.parse(process.env.ENDING ?? '') as EndingConfig;
const transport = new KafkaTransport({
  topic,
  kafka: { brokers: [...brokers] },
  spool: { directory, mode: 'always' },
});
const format = winston.format.printf(({ message }) => String(message));
const logger = winston.createLogger({ format, transports: [transport] });
const delays = monitorEventLoopDelay({ resolution: 5 });
delays.enable();

for (let number = 0; number < records; ) {
  for (let n = 0; n < PER_TURN; n++) logger.info(textOf(number++));
  await turn();
}
if (ending === 'process.exit') process.exit(0);
if (ending === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
if (ending === 'an uncaught exception') {
  setTimeout(() => {
    throw new Error('as the spec wants it');
  });
} else {
  await transport.flush(60_000);
  const { heapUsed, external } = process.memoryUsage();
  const report: EndingReport = {
    stats: transport.stats(),
    loopDelayMs: Math.round(delays.max / 1e6),
    peakMiB: Math.round((heapUsed + external) / 2 ** 20),
  };
  process.stdout.write(JSON.stringify(report));
}
