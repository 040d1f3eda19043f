import type { LogEntry, logCreator, logLevel } from 'kafkajs';
import { systemTime } from '../../time/system-timers.ts';
import { guardedLogCreator } from '../kafkajs/guarded-config.ts';

const NAME = '@platformatic/kafka';

/** kafkajs's numbers and labels. */
const LEVELS = { error: [1, 'ERROR'], debug: [5, 'DEBUG'] } as const;

export type ClientLines = (level: keyof typeof LEVELS, message: string, broker: string) => void;

/** @platformatic/kafka has events and no log: what it tells of becomes lines as kafkajs writes them, for the same sink. */
export function clientLines(creator: logCreator, limit: logLevel, clientId: string): ClientLines {
  const log = guardedLogCreator(creator)(limit);
  return (name, message, broker) => {
    const [level, label] = LEVELS[name];
    if (level > limit) return;
    const timestamp = new Date(systemTime()).toISOString();
    const entry = { namespace: NAME, level, label, log: { timestamp, message, broker, clientId } };
    log(entry as unknown as LogEntry);
  };
}
