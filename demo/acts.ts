import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Application } from './application.ts';
import type { Arrived } from './arrivals.ts';
import type { DemoBroker } from './broker.ts';
import type { ShippingFigures, TrapFigures } from './figures.ts';
import { number, type Screen } from './screen.ts';
import { springTrap } from './trap.ts';

const READING_MS = 1_500;
const STEADY_MS = 3_000;
const BEFORE_MS = 800;
const AWAY_MS = 3_000;
const AFTER_MS = 1_200;
const CATCH_UP_MS = 10_000;
const NOTICE_MS = 500;

/** What an act has seen; the rest is in the topic, and read when all acts are over. */
type Outcome = (records: readonly Arrived[]) => ShippingFigures;

export async function trapAct(broker: DemoBroker, topic: string, screen: Screen): Promise<TrapFigures> {
  screen.heading('Act 1. The trap');
  screen.say(
    "A transport as tutorials write it, one producer.send per record, and the Kafka client's own log wired to the same logger. The application logs ONE record. To send it, the client logs two lines; each is a record, so each is sent, and each send logs two lines ...",
  );
  screen.quote('async log(info) { await producer.send({ topic, messages: [{ value: info[MESSAGE] }] }) }');
  screen.quote('new Kafka({ brokers, logLevel: DEBUG, logCreator: winstonLogCreator(logger) })');
  await screen.pause(READING_MS);
  const figures = await springTrap(broker.kafka, topic, screen);
  const { sends, waiting, seconds } = figures;
  screen.say(
    `One record became ${number(sends)} sends in ${seconds.toFixed(1)} s, and ${number(waiting)} more were waiting. Only the demo's own limit ended it.`,
  );
  return figures;
}

export async function steadyAct(broker: DemoBroker, topic: string, screen: Screen): Promise<Outcome> {
  screen.heading('Act 2. The same wiring, with KafkaTransport');
  screen.say(
    "An HTTP service logs each of some 400 requests a second. The Kafka client still logs to the service's own logger, at DEBUG. The transport tells the lines that its own shipping causes, the re-entrant ones, from all others: they go to the logger's other transports, once, and never to Kafka.",
  );
  screen.quote('kafka: { brokers, logLevel: DEBUG, logCreator: winstonLogCreator(logger) }');
  await screen.pause(READING_MS);
  const application = await Application.start(broker.kafka, topic);
  const stopped = sleep(STEADY_MS).then(() => application.stop());
  const outcome = await screen.watch(() => application.counters, stopped);
  const { accepted, sends, suppressed } = application.transport.stats();
  screen.say(
    `${number(accepted)} records took ${number(sends)} sends. ${number(suppressed.reentrant)} lines such as this one were kept out of Kafka, and are on the console only:`,
  );
  screen.quote(application.sample);
  return outcome;
}

export async function outageAct(
  broker: DemoBroker,
  topic: string,
  screen: Screen,
): Promise<{ outcome: Outcome; waited: number }> {
  screen.heading('Act 3. The broker goes away, and comes back');
  screen.say(
    `Same service, same traffic, but for ${AWAY_MS / 1_000} s there is no broker (${broker.absence}). The service must go on answering, the records wait in memory, and what the client has to say about its trouble must not become records that wait, too.`,
  );
  await screen.pause(READING_MS);
  const application = await Application.start(broker.kafka, topic);
  await screen.watch(() => application.counters, sleep(BEFORE_MS));
  screen.say('The broker is gone. The transport says so once, on stderr:');
  const noticed = Promise.race([once(application.transport, 'warn'), sleep(NOTICE_MS)]);
  await broker.goAway();
  await noticed;
  await screen.watch(() => application.counters, sleep(AWAY_MS));
  const waited = application.waiting;
  screen.say(`The broker is back; ${number(waited)} records have waited for it.`);
  await broker.comeBack();
  const stopped = sleep(AFTER_MS)
    .then(() => application.caughtUp(CATCH_UP_MS))
    .then(() => application.stop());
  const outcome = await screen.watch(() => application.counters, stopped);
  return { outcome, waited };
}
