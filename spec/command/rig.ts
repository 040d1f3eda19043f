import { EventEmitter } from 'node:events';
import { onTestFinished } from 'vitest';
import { main } from '../../lib/command/main.ts';
import { BrokerCluster, type BrokerClusterOptions } from '../../testing/broker/broker-cluster.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Who reads the output, and may not do so for a while. Emits `awaited`. */
export class Reader extends EventEmitter {
  /** Then what is written waits in memory. */
  isBehind = false;

  onDrain(listener: () => void): void {
    this.once('drain', listener);
    this.emit('awaited');
  }

  goOn(): void {
    this.isBehind = false;
    this.emit('drain');
  }
}

export interface RunSettings {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly isTTY?: boolean;
  readonly reader?: Reader;
  /** Called with all of the output so far, each time that there is more. */
  readonly onOut?: (out: string) => void;
}

/** Runs the command in this process. */
export async function ran(args: readonly string[], settings: RunSettings = {}): Promise<Ran> {
  const { env = {}, signal = new AbortController().signal, now = Date.now, isTTY = false, onOut } = settings;
  const { reader = new Reader() } = settings;
  let out = '';
  let err = '';
  const stdout = {
    isTTY,
    get writableNeedDrain() {
      return reader.isBehind;
    },
    once: (_: 'drain', listener: () => void) => reader.onDrain(listener),
    write: (text: string) => {
      out += text;
      onOut?.(out);
    },
  };
  const stderr = { write: (text: string) => (err += text) };
  const code = await main(args, { stdout, stderr, env, version: '1.2.3', signal, now });
  return { code, out, err };
}

export async function startCluster(options: BrokerClusterOptions = {}): Promise<BrokerCluster> {
  const cluster = await BrokerCluster.start({ topics: { logs: 2 }, ...options });
  onTestFinished(() => cluster.stop());
  return cluster;
}

export const brokersOf = (cluster: BrokerCluster): string => cluster.addresses.join(',');
