import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import type winston from 'winston';
import { type KafkaTransportOptions, runGuarded } from '../../../lib/index.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { Collecting, expectLaw, loggerWith, startCluster, transportTo } from '../../support/harness.ts';

/** What happens, one after the other. Numbers are turns of the event loop, or records. */
type Step =
  | { does: 'log'; via: number }
  | { does: 'guarded'; via: number }
  | { does: 'guarded later'; via: number; after: number }
  | { does: 'left behind by guarded'; via: number; after: number }
  | { does: 'drain'; count: number }
  | { does: 'turn'; count: number }
  | { does: 'flush' }
  | { does: 'fault' };

/** Which of the functions that the transport calls log, and what the logger is like. */
interface Setup {
  readonly topic: boolean;
  readonly key: boolean;
  readonly keyLogsLater: boolean;
  readonly logged: boolean;
  readonly format: boolean;
  readonly client: 'silent' | 'at once' | 'next turn' | 'after a promise';
  readonly heldSibling: boolean;
}

const via = fc.nat(2);
const few = fc.integer({ min: 1, max: 4 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: fc.record({ does: fc.constant('log' as const), via }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('guarded' as const), via }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('guarded later' as const), via, after: few }) },
    {
      weight: 2,
      arbitrary: fc.record({ does: fc.constant('left behind by guarded' as const), via, after: few }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ does: fc.constant('drain' as const), count: fc.integer({ min: 1, max: 30 }) }),
    },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('turn' as const), count: few }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('flush' as const) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('fault' as const) }) },
  ),
  { minLength: 1, maxLength: 60 },
);
const setup: fc.Arbitrary<Setup> = fc.record({
  topic: fc.boolean(),
  key: fc.boolean(),
  keyLogsLater: fc.boolean(),
  logged: fc.boolean(),
  format: fc.boolean(),
  client: fc.constantFrom('silent', 'at once', 'next turn', 'after a promise'),
  heldSibling: fc.boolean(),
});

/** A sibling that takes a record when it is told to. */
class Held extends Collecting {
  #next: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 } as ConstructorParameters<typeof Collecting>[0]);
  }

  override log(info: winston.Logform.TransformableInfo, next: () => void): void {
    this.infos.push(info);
    this.#next = next;
  }

  /** Lets it go on, up to so many times as long as there is something. */
  drain(count: number): void {
    for (let left = count; left > 0 && this.#next !== undefined; left--) {
      const next = this.#next;
      this.#next = undefined;
      next();
    }
  }
}

// A run that has not come to rest by then is one that never will.
const MAX_TURNS = 2_000;
const MAX_LINES = 1_000;

/** The model: who must get what is known at the call. */
class Scene {
  readonly #cluster: BrokerCluster;
  readonly #loggers: readonly winston.Logger[];
  readonly #name: string;
  readonly #held = new Held();
  readonly #quick = new Collecting();
  readonly #transport: ReturnType<typeof transportTo>;
  readonly #promises: Promise<unknown>[] = [];
  readonly #all: string[] = [];
  readonly #forKafka: string[] = [];

  constructor(cluster: BrokerCluster, name: string, setup: Setup) {
    cluster.createTopic(name, 1);
    this.#cluster = cluster;
    this.#name = name;
    const logger = loggerWith(this.#quick, ...(setup.heldSibling ? [this.#held] : []));
    const child = logger.child({ child: 1 });
    this.#loggers = [logger, child, child.child({ grandchild: 2 })];
    this.#transport = transportTo(cluster, this.#options(setup));
    if (setup.logged) this.#transport.on('logged', ({ message }) => this.reentrant(`logged ${message}`, 0));
    logger.add(this.#transport);
  }

  app(message: string, via: number): void {
    this.#forKafka.push(this.#log(message, via));
  }

  reentrant(message: string, via: number): void {
    this.#log(message, via);
  }

  #log(message: string, via: number): string {
    // A number, as the client says the same more than once.
    const text = `${message} #${this.#all.length}`;
    if (this.#all.length < MAX_LINES) {
      this.#all.push(text);
      this.#loggers[via]?.info(text);
    }
    return text;
  }

  #options(setup: Setup): Partial<KafkaTransportOptions> {
    const options: Partial<KafkaTransportOptions> = {
      topic: ({ message }) => {
        if (setup.topic) this.reentrant(`topic of ${message}`, 1);
        return this.#name;
      },
    };
    if (setup.key || setup.keyLogsLater) {
      options.key = ({ message }) => {
        if (setup.key) this.reentrant(`key of ${message}`, 2);
        if (setup.keyLogsLater && message.startsWith('app')) {
          this.#promises.push(turn().then(() => this.app(`later, by the key of ${message}`, 0)));
        }
        return null;
      };
    }
    if (setup.format) {
      options.format = {
        transform: (info) => {
          this.reentrant(`format of ${info.message}`, 0);
          return info;
        },
      };
    }
    if (setup.client !== 'silent') {
      options.clientLog = { level: 'debug' };
      options.kafka = {
        brokers: this.#cluster.addresses,
        logLevel: logLevel.DEBUG,
        logCreator: () => (entry) => {
          const line = (): void => this.reentrant(`client: ${entry.log.message}`, 1);
          if (setup.client === 'at once') line();
          else if (setup.client === 'next turn') setImmediate(line);
          else void Promise.resolve().then(line);
        },
      };
    }
    return options;
  }

  async take(step: Step, id: number): Promise<void> {
    switch (step.does) {
      case 'log':
        return this.app(`app ${id}`, step.via);
      case 'guarded':
        return runGuarded(() => this.reentrant(`guarded ${id}`, step.via));
      case 'guarded later': {
        const later = runGuarded(async () => {
          for (let left = step.after; left > 0; left--) await turn();
          this.reentrant(`guarded ${id}, later`, step.via);
        });
        this.#promises.push(later);
        return;
      }
      case 'left behind by guarded': {
        let open = (): void => undefined;
        const gate = new Promise<void>((resolve) => {
          open = resolve;
        });
        await runGuarded(async () => {
          this.#promises.push(gate.then(() => this.app(`app ${id}, left behind`, step.via)));
          for (let left = step.after; left > 0; left--) await turn();
        });
        return open();
      }
      case 'drain':
        return this.#held.drain(step.count);
      case 'turn':
        for (let left = step.count; left > 0; left--) await turn();
        return;
      case 'flush':
        await this.#transport.flush();
        return;
      case 'fault': {
        const error = ERROR.NOT_ENOUGH_REPLICAS;
        this.#cluster.inject({ api: 'Produce', topic: this.#name, action: { error } });
      }
    }
  }

  /** Lets everything come to rest, and compares. */
  async handle(): Promise<void> {
    for (let turns = 0, quiet = 0, before = ''; quiet < 10 && turns < MAX_TURNS; turns++) {
      this.#held.drain(Number.POSITIVE_INFINITY);
      await Promise.all(this.#promises);
      await this.#transport.flush();
      await turn();
      const now = `${this.#all.length} ${this.#quick.infos.length} ${this.#held.infos.length}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    expect(this.#cluster.values(this.#name)).toEqual(this.#forKafka);
    expect(this.#quick.messages).toEqual(this.#all);
    if (this.#held.infos.length > 0) expect(this.#held.messages).toEqual(this.#all);
    const { length } = this.#forKafka;
    expect(this.#transport.stats()).toMatchObject({
      accepted: length,
      delivered: length,
      suppressed: { reentrant: this.#all.length - length },
    });
    expectLaw(this.#transport);
    await this.#transport.close();
  }
}

it('every record arrives where it must, once and in order, however the moments fall', {
  timeout: 120_000,
}, async () => {
  const cluster = await startCluster();
  let run = 0;
  const property = fc.asyncProperty(setup, steps, async (given, script) => {
    run++;
    const scene = new Scene(cluster, `run-${run}`, given);
    for (const [id, step] of script.entries()) await scene.take(step, id);
    await scene.handle();
  });
  await fc.assert(property, { numRuns: 20 });
});
