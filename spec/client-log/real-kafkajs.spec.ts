import { Kafka, type logCreator, logLevel, Partitioners } from 'kafkajs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { winstonLogCreator } from '../../lib/client-log/to-winston.ts';
import { setUpSink } from './entry.ts';

/** A loopback port that nobody listens at. */
const NOBODY = '127.0.0.1:1';

async function connectInVain(creator: logCreator, level = logLevel.DEBUG): Promise<void> {
  const kafka = new Kafka({
    clientId: 'shop',
    brokers: [NOBODY],
    logLevel: level,
    logCreator: creator,
    retry: { retries: 0 },
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await expect(producer.connect()).rejects.toThrow();
  await producer.disconnect();
}

describe('kafkajs', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('prints one line per kind of error, at the level asked for', async () => {
    const { creator, take } = setUpSink({ level: 'error' });
    await connectInVain(creator);
    const lines = take();
    expect(lines[0]).toBe(
      `2026-11-23T09:00:00.000Z ERROR [kafkajs/Connection] Connection error: connect ECONNREFUSED ${NOBODY} broker=${NOBODY} clientId=shop`,
    );
    for (const line of lines) expect(line).toMatch(/^\S+ ERROR \[kafkajs/);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('cannot be made to print more by KAFKAJS_LOG_LEVEL', async () => {
    vi.stubEnv('KAFKAJS_LOG_LEVEL', 'DEBUG');
    const { creator, take } = setUpSink({ level: 'nothing' });
    let seen = 0;
    await connectInVain((level) => {
      const log = creator(level);
      return (entry) => {
        seen++;
        log(entry);
      };
    }, logLevel.NOTHING);
    expect(seen).toBeGreaterThan(0);
    expect(take()).toEqual([]);
  });

  it('connects and fails as ever when the logger throws', async () => {
    const fail = (): never => {
      throw new Error('no');
    };
    const logger = { error: fail, warn: fail, info: fail, debug: fail };
    const { creator, take } = setUpSink({ level: 'debug', logger });
    await connectInVain(creator);
    expect(take().length).toBeGreaterThan(0);
  });

  it("logs to the application's winston logger, its levels and fields kept", async () => {
    const records: Record<string, unknown>[] = [];
    class Keep extends TransportStream {
      override log(info: Record<string, unknown>, next: () => void): void {
        records.push(info);
        next();
      }
    }
    const logger = winston.createLogger({
      level: 'warning',
      levels: winston.config.syslog.levels,
      transports: [new Keep()],
    });
    await connectInVain(winstonLogCreator(logger));
    expect(records).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: `Connection error: connect ECONNREFUSED ${NOBODY}`,
        namespace: 'Connection',
        logger: 'kafkajs',
        broker: NOBODY,
        clientId: 'shop',
      }),
    );
  });
});
