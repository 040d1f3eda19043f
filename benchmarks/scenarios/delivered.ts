import { hasKcat, throughFile } from '../measure/file-and-kcat.ts';
import { loggerTo, logMany, nextTurn, sleep, textOf, until } from '../measure/load.ts';
import {
  FILE,
  FLOOR,
  MODE_NAMES,
  NPM_PEER,
  OTHER_CLIENT,
  openOurs,
  openTarget,
  PUBLIC_SEND,
  quietKafka,
  TUTORIAL,
} from '../measure/targets.ts';
import { threadMicros } from '../measure/thread-time.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const [IN_PROCESS, WORKER] = MODE_NAMES as [string, string];
const BARE_KAFKAJS = 'bare kafkajs';
const FILE_AND_KCAT = "winston's File transport, `tail` and kcat";
const WITHOUT_WINSTON = 'in process, without winston';
const BARE_PLATFORMATIC = 'bare @platformatic/kafka';

const RECORDS = 100_000;
// Those that send each record by itself take as long for so many.
const FEWER: Readonly<Record<string, number>> = { [NPM_PEER]: 10_000, [TUTORIAL]: 5_000 };
const PER_SEND = 500;
const PER_TURN = 500;
// The application waits when so many are under way: it is to be fast, not to overflow.
const MOST_UNDER_WAY = 20_000;

const main = 'mainMicros';
const rate = 'perSecond';

export const delivered: Scenario = {
  name: 'delivered',
  title: 'Delivered',
  about: `${RECORDS.toLocaleString('en')} records (where each is sent by itself ${Object.values(FEWER)
    .map((n) => n.toLocaleString('en'))
    .join(
      ' and ',
    )}), logged as fast as they are taken, until the last is acknowledged by all in-sync replicas; four partitions. The bare clients send strings that are there already, ${PER_SEND} at a time to one partition: what is left when there is no logger. "Main thread" is its CPU time for the whole way of a record: the log call, batching, the client, the acknowledgement.`,
  rounds: 5,
  variants: [
    FLOOR,
    FILE,
    ...(hasKcat ? [FILE_AND_KCAT] : []),
    BARE_KAFKAJS,
    WITHOUT_WINSTON,
    ...MODE_NAMES,
    PUBLIC_SEND,
    NPM_PEER,
    TUTORIAL,
    BARE_PLATFORMATIC,
    OTHER_CLIENT,
  ],
  figures: {
    [main]: { title: 'main thread per record, µs', digits: 1 },
    processMicros: { title: 'all threads and processes per record, µs', digits: 1 },
    [rate]: { title: 'records per second', digits: 0 },
  },
  limits: [
    {
      title: 'main thread per delivered record, in process, beyond the floor',
      figure: main,
      of: IN_PROCESS,
      without: FLOOR,
      atMost: 1.5,
      unit: 'µs',
    },
    {
      title: 'main thread per delivered record, in process, over floor + bare kafkajs',
      figure: main,
      of: IN_PROCESS,
      over: [FLOOR, BARE_KAFKAJS],
      atMost: 0.5,
      unit: '×',
    },
    {
      title: 'delivered records/s, in process without winston, over bare kafkajs',
      figure: rate,
      of: WITHOUT_WINSTON,
      over: [BARE_KAFKAJS],
      atLeast: 4,
      unit: '×',
    },
    {
      title: 'delivered records/s, in process without winston, over bare @platformatic/kafka',
      figure: rate,
      of: WITHOUT_WINSTON,
      over: [BARE_PLATFORMATIC],
      atLeast: 1,
      unit: '×',
    },
    {
      title: 'delivered records/s, over the best send-per-record peer',
      figure: rate,
      of: IN_PROCESS,
      over: [NPM_PEER],
      atLeast: 20,
      unit: '×',
    },
    {
      title: 'main thread per delivered record, `worker: true`, over the floor',
      figure: main,
      of: WORKER,
      over: [FLOOR],
      atMost: 1.5,
      unit: '×',
    },
    {
      title: 'CPU of the whole process per delivered record, `worker: true`, over in process',
      figure: 'processMicros',
      of: WORKER,
      over: [IN_PROCESS],
      atMost: 1.15,
      unit: '×',
    },
  ],
  async measure(variant: string, place: Place): Promise<Figures> {
    if (variant === BARE_KAFKAJS) return await measureKafkajs(place);
    if (variant === BARE_PLATFORMATIC) return await measurePlatformatic(place);
    if (variant === WITHOUT_WINSTON) return await measureWithoutWinston(place);
    if (variant === FILE_AND_KCAT) return await measureFile(place);
    const { transport, delivered } = await openTarget(variant, place);
    const logger = loggerTo(transport);
    const count = FEWER[variant] ?? RECORDS;
    let logged = 0;
    const log = async (upTo: number): Promise<void> => {
      while (logged < upTo) {
        logMany(logger, PER_TURN);
        logged += PER_TURN;
        await nextTurn();
        while (logged % 5_000 === 0 && logged - delivered() > MOST_UNDER_WAY) await sleep(2);
      }
      await until(() => delivered() >= upTo);
    };
    const warmUp = count / 5;
    await log(warmUp);
    return await timed(count, () => log(warmUp + count));
  },
};

async function timed(records: number, fn: () => Promise<void>): Promise<Figures> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const thread = threadMicros();
  await fn();
  const mainMicros = (threadMicros() - thread) / records;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (records * 1000) / (performance.now() - startedAt);
  return { [main]: mainMicros, processMicros: (user + system) / records, [rate]: perSecond };
}

/** Infos that are there already, each with its text, handed over by hand: everything but winston. */
async function measureWithoutWinston(place: Place): Promise<Figures> {
  const transport = await openOurs(IN_PROCESS, place);
  const infos = Array.from({ length: RECORDS }, (_, n) => infoOf(textOf(n)));
  let logged = 0;
  const log = async (count: number): Promise<void> => {
    const until = logged + count;
    while (logged < until) {
      for (const info of infos.slice(logged % RECORDS, (logged % RECORDS) + PER_TURN)) transport.log(info);
      logged += PER_TURN;
      await nextTurn();
      while (logged % 5_000 === 0 && logged - transport.stats().delivered > MOST_UNDER_WAY) await sleep(2);
    }
    await transport.flush(60_000);
  };
  await log(RECORDS / 5);
  return await timed(RECORDS, () => log(RECORDS));
}

function infoOf(text: string): Record<string | symbol, unknown> {
  return { level: 'info', message: text, [Symbol.for('level')]: 'info', [Symbol.for('message')]: text };
}

async function measureFile(place: Place): Promise<Figures> {
  let others = 0;
  const figures = await timed(RECORDS, async () => {
    others = await throughFile(RECORDS, place);
  });
  return { ...figures, processMicros: Number(figures.processMicros) + others / RECORDS };
}

async function measureKafkajs(place: Place): Promise<Figures> {
  const { Kafka, Partitioners } = await import('kafkajs');
  const producer = new Kafka(quietKafka(place)).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return await measureBare(async (values) => {
    const messages = values.map((value) => ({ value, partition: 0 }));
    await producer.send({ topic: place.topic, messages, acks: -1 });
  });
}

async function measurePlatformatic(place: Place): Promise<Figures> {
  const { PlatformaticProducer } = await import('../measure/platformatic-producer.ts');
  const producer = new PlatformaticProducer(place.brokers);
  await producer.connect();
  return await measureBare(async (values) => {
    const timestamp = String(Date.now());
    const messages = values.map((value) => ({ value, key: null, partition: 0, timestamp }));
    await producer.send({ topic: place.topic, messages });
  });
}

async function measureBare(send: (values: readonly string[]) => Promise<void>): Promise<Figures> {
  const texts = Array.from({ length: RECORDS }, (_, n) => textOf(n));
  const sendAll = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at += PER_SEND) await send(texts.slice(at, at + PER_SEND));
  };
  await sendAll(RECORDS / 5);
  return await timed(RECORDS, () => sendAll(RECORDS));
}
