// For the specs of this folder: a pipeline, time held still, and a producer that was handed in.
import { EventEmitter } from 'node:events';
import { expect } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import type { HoldingLoggers } from '../../lib/pipeline/lifecycle.ts';
import { Pipeline } from '../../lib/pipeline/pipeline.ts';
import { type Info, LEVEL, type Levels, MESSAGE } from '../../lib/util/info.ts';
import { HeldClock } from '../sender/rig.ts';

export const NPM: Levels = { error: 0, warn: 1, info: 2 };
export const SYSLOG: Levels = { error: 3, warning: 4, info: 6 };

export interface Sent {
  readonly topic: string;
  readonly messages: readonly { readonly value: string }[];
}

/** The answer of a broker that has stored what was sent. */
export const storedIn = (topic: string): unknown => [{ topicName: topic, partition: 0, errorCode: 0 }];

export class Rig {
  readonly clock = new HeldClock();
  readonly emitter = new EventEmitter();
  readonly sent: string[] = [];
  readonly undelivered: string[] = [];
  readonly warnings: string[] = [];
  /** What the transport hears of its work. */
  readonly work: string[] = [];
  readonly pipeline: Pipeline;
  isAway = false;
  disconnects = 0;

  /** @param connecting what each connect waits for @param loggers what winston has not handed over */
  constructor(
    { connecting, ...given }: { readonly connecting?: Promise<void> } & Record<string, unknown> = {},
    loggers: HoldingLoggers = { held: 0, handOver: () => undefined },
  ) {
    const producer = {
      connect: async () => {
        if (this.isAway) throw new Error('away');
        await connecting;
      },
      disconnect: async () => void this.disconnects++,
      send: async ({ topic, messages }: Sent) => {
        if (this.isAway) throw new Error('away');
        this.sent.push(...messages.map(({ value }) => String(value)));
        return storedIn(topic);
      },
    };
    this.emitter.on('warn', (error: Error) => this.warnings.push(error.message));
    const options = resolveOptions({
      topic: 'logs',
      producer: () => producer,
      loopDetection: false,
      closeTimeoutMs: 1_000,
      // What a spec waits for comes in time, however the jitter falls.
      retry: { maxMs: 1_000 },
      fallback: ({ reason, message }: { reason: string; message: string }) =>
        this.undelivered.push(`${reason} ${message}`),
      ...given,
    });
    const work = { onWork: () => void this.work.push('work'), onIdle: () => void this.work.push('idle') };
    this.pipeline = new Pipeline(options, this.emitter, this.clock, work, loggers);
  }

  log(text: string, fields: object = {}, levels: Levels = NPM): void {
    const info: Info = { level: 'info', message: text, [LEVEL]: 'info', [MESSAGE]: text, ...fields };
    this.pipeline.infos.admit(info, levels, undefined, undefined);
  }

  /** What a promise resolves with, while time passes. */
  async after<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
    await this.clock.pass(ms);
    return await promise;
  }

  expectBalanced(): void {
    const { accepted, delivered, buffered, inFlight, spooled, replayed, dropped } = this.pipeline.stats();
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(accepted).toBe(delivered + buffered.records + inFlight + (spooled - replayed) + lost);
  }
}
