import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Not of those that a system gives to connections, and to servers that ask for any: a program that is to listen there starts
// later, and may be stopped and started again. From 20,000 on are the stand-in's brokers.
const FIRST = 10_000;
const END = 20_000;

// The files that a test run has at the same time take different ports, whatever they begin with.
const STEP = 8;
let next = FIRST + STEP * randomInt((END - FIRST) / STEP) + (Number(process.env.VITEST_POOL_ID ?? 0) % STEP);

/** Ports of loopback that nothing listens at, for programs that are to listen there; none is given twice. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = next;
    next = next + STEP < END ? next + STEP : FIRST + (next % STEP);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
