// What people do without a transport: winston writes a file, and another program reads it and produces to Kafka.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import winston from 'winston';
import type { Place } from '../scenario.ts';
import { loggerTo, logMany, nextTurn } from './load.ts';

/** Whether this machine has it. */
export const hasKcat: boolean = spawnSync('kcat', ['-V']).status === 0;

const PER_TURN = 500;
// The kernel counts in hundredths of a second.
const MICROS_PER_TICK = 10_000;

/** Logs so many records. Resolves when kcat has delivered all of them, with the CPU time of `tail` and kcat in microseconds. */
export async function throughFile(count: number, { brokers, topic }: Place): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-bench-'));
  try {
    const file = join(directory, 'records.log');
    const transport = new winston.transports.File({ filename: file });
    await once(transport, 'open');
    // `tail` ends when this one does, after it has read the rest.
    const life = spawn('sleep', ['600']);
    const tail = spawn('tail', ['-n', '+1', '-f', '-s', '0.05', `--pid=${life.pid}`, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const kcat = spawn('kcat', ['-P', '-b', brokers.join(','), '-t', topic, '-X', 'acks=all'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    tail.stdout.pipe(kcat.stdin);
    const used = [new CpuTime(tail), new CpuTime(kcat)];
    const logger = loggerTo(transport);
    for (let logged = 0; logged < count; logged += PER_TURN) {
      logMany(logger, PER_TURN);
      await nextTurn();
    }
    logger.end();
    await once(transport, 'finish');
    life.kill();
    await once(kcat, 'exit');
    return used.reduce((sum, { micros }) => sum + micros, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Of a child process, as long as it lives. */
class CpuTime {
  micros = 0;

  constructor({ pid }: ChildProcess) {
    const timer = setInterval(() => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        this.micros = (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
      } catch {
        clearInterval(timer);
      }
    }, 20);
    timer.unref();
  }
}
