// An application that kept its thread busy for a second while it started was told that Kafka cannot be reached: kafkajs's timer fires
// before the event loop looks at the socket that has connected meanwhile.
import { Socket } from 'node:net';
import type { ISocketFactoryArgs } from 'kafkajs';
import { expect, it, vi } from 'vitest';
import { laterConnectTimeout, withConnectTimeout } from '../../../lib/clients/kafkajs/workarounds.ts';
import { HeldClock } from '../../sender/rig.ts';

const LIMIT_MS = 1_000;

/** A socket that connects when it is told to. */
function rig() {
  const clock = new HeldClock();
  const socket = new Socket();
  const errors: string[] = [];
  socket.on('error', ({ message }) => errors.push(message));
  const onConnect = vi.fn();
  let given: ISocketFactoryArgs | undefined;
  const make = withConnectTimeout(
    (args) => {
      given = args;
      return socket;
    },
    undefined,
    clock,
  );
  expect(make({ host: 'kafka', port: 9092, ssl: {}, onConnect })).toBe(socket);
  return { clock, socket, errors, onConnect, connect: () => given?.onConnect() };
}

it('a socket that takes longer than kafkajs lets it by default ends with an error', async () => {
  const { clock, socket, errors } = rig();
  await clock.pass(LIMIT_MS - 1);
  expect(socket.destroyed).toBe(false);
  await clock.pass(1);
  expect([socket.destroyed, errors, clock.armed]).toEqual([true, ['Connection timeout'], 0]);
});

it('one that has connected stays, and no timer', async () => {
  const { clock, socket, onConnect, connect } = rig();
  connect();
  expect([onConnect.mock.calls.length, clock.armed]).toEqual([1, 0]);
  await clock.pass(2 * LIMIT_MS);
  expect(socket.destroyed).toBe(false);
});

it('so does one that has connected while the thread was busy', async () => {
  const { clock, socket, connect } = rig();
  clock.now += 5_000;
  await clock.pass(0);
  connect();
  await clock.pass(2 * LIMIT_MS);
  expect([socket.destroyed, clock.armed]).toEqual([false, 0]);
});

it('of one that has closed, or could not be made, no timer is left', async () => {
  const { clock, socket } = rig();
  socket.destroy();
  await clock.settle();
  expect(clock.armed).toBe(0);
  const fails = (): never => {
    throw new Error('no socket');
  };
  const make = withConnectTimeout(fails, LIMIT_MS, clock);
  expect(() => make({ host: 'kafka', port: 9092, ssl: {}, onConnect: () => undefined })).toThrow('no socket');
  expect(clock.armed).toBe(0);
});

it("kafkajs's own timer comes later, by the limit that the application has given or kafkajs's own", () => {
  expect([laterConnectTimeout(), laterConnectTimeout(5_000)]).toEqual([61_000, 65_000]);
  // Node takes what is longer for 1 ms.
  expect(laterConnectTimeout(2_147_483_647)).toBe(2_147_483_647);
});
