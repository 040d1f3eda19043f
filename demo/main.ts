// `npm run demo`: what happens when a Kafka client's log meets the logger that it ships, in three acts. Needs
// nothing but Node; with KAFKA_BROKERS=host:port,... it uses a Kafka that is there. Exits 1 when a figure is wrong.
import { outageAct, steadyAct, trapAct } from './acts.ts';
import type { DemoBroker } from './broker.ts';
import { type Figures, judge } from './figures.ts';
import { NoKafka, RealKafka } from './real-kafka.ts';
import { Screen } from './screen.ts';
import { StandIn } from './stand-in.ts';
import { tableOf } from './table.ts';

// Everything here ends by itself within half of that; what does not is a bug, and not to be waited for. Never cleared:
// it is for what a failure leaves behind, too.
const WATCHDOG_MS = 90_000;

/** One that kafkajs makes Node 24 print, once and harmlessly: https://github.com/tulios/kafkajs/issues/1751 */
function withoutKnownWarning(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning').on('warning', (warning) => {
    if (warning.name === 'TimeoutNegativeWarning') return;
    for (const listener of listeners) listener(warning);
  });
}

async function startBroker(addresses = ''): Promise<DemoBroker> {
  const brokers = addresses.split(',').flatMap((address) => address.trim() || []);
  return brokers.length > 0 ? await RealKafka.connect(brokers) : await StandIn.start();
}

async function play(broker: DemoBroker, screen: Screen): Promise<Figures> {
  const run = `winston-kafkajs-demo-${Date.now().toString(36)}`;
  const topics = { trap: `${run}-trap`, steady: `${run}-steady`, outage: `${run}-outage` };
  await broker.prepare(Object.values(topics));
  const trap = await trapAct(broker, topics.trap, screen);
  const steady = await steadyAct(broker, topics.steady, screen);
  const { outcome: outage, waited } = await outageAct(broker, topics.outage, screen);
  screen.line('\nReading the topics of acts 2 and 3 back ...');
  const read = await broker.read([topics.steady, topics.outage]);
  return {
    trap,
    steady: steady(read.get(topics.steady) ?? []),
    outage: { ...outage(read.get(topics.outage) ?? []), waited },
  };
}

function tell(figures: Figures, screen: Screen): void {
  screen.heading('What came of it');
  for (const [index, line] of tableOf(figures).entries())
    screen.line(index === 0 ? screen.paint('dim', line) : line);
  screen.line();
  const problems = judge(figures);
  for (const problem of problems) screen.line(screen.paint('red', `WRONG  ${problem}`));
  if (problems.length === 0) {
    const summary =
      'All figures are as they should be: nothing lost, nothing out of order, no loop, no request unanswered.';
    screen.line(screen.paint('green', summary));
  }
  process.exitCode = problems.length === 0 ? 0 : 1;
}

setTimeout(() => {
  console.error(`The demo has not ended in ${WATCHDOG_MS / 1_000} s: this is a bug.`);
  process.exit(1);
}, WATCHDOG_MS).unref();

withoutKnownWarning();
try {
  const screen = new Screen();
  const broker = await startBroker(process.env.KAFKA_BROKERS);
  screen.line(
    screen.paint('bold', 'winston-kafkajs: a logger that ships to Kafka, and does not eat its own tail'),
  );
  screen.say(broker.description);
  try {
    tell(await play(broker, screen), screen);
  } finally {
    await broker.stop();
  }
} catch (error) {
  if (error instanceof NoKafka) console.error(error.message);
  else console.error('The demo failed:', error);
  process.exitCode = 1;
}
