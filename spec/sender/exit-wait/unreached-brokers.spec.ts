import { expect, it, vi } from 'vitest';
import { UnreachedBrokers } from '../../../lib/sender/exit-wait/unreached-brokers.ts';
import { HeldClock } from '../rig.ts';

const failed = (code: string): Error => {
  const cause = Object.assign(new Error(`connect ${code}`), { code });
  return new Error('wrapped by kafkajs', { cause });
};
const REFUSED = failed('ECONNREFUSED');

function started(brokers: number) {
  const clock = new HeldClock();
  const contact = new UnreachedBrokers(clock, brokers);
  return { clock, contact, givenUp: vi.fn() };
}

it('a broker that refuses is tried for a second, and then given up', async () => {
  const { clock, contact, givenUp } = started(1);
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(REFUSED);
  await clock.pass(999);
  expect(givenUp).not.toHaveBeenCalled();
  await clock.pass(1);
  expect(givenUp).toHaveBeenCalledTimes(1);
  contact.recordFailure(REFUSED);
  expect(givenUp).toHaveBeenCalledTimes(1);
  expect(clock.armed).toBe(0);
});

it('what was refused before is tried once more', async () => {
  const { clock, contact, givenUp } = started(1);
  contact.recordFailure(REFUSED);
  contact.whenAllRefuse(givenUp);
  await clock.pass(5_000);
  expect(givenUp).not.toHaveBeenCalled();
  contact.recordFailure(failed('ENOTFOUND'));
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it('of several brokers, each is tried', async () => {
  const { clock, contact, givenUp } = started(3);
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(REFUSED);
  contact.recordFailure(REFUSED);
  await clock.pass(5_000);
  expect(givenUp).not.toHaveBeenCalled();
  contact.recordFailure(REFUSED);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it.each(['ETIMEDOUT', 'ECONNRESET', 'EAI_AGAIN'])('%s is no refusal: it may pass', async (code) => {
  const { clock, contact, givenUp } = started(2);
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(REFUSED);
  contact.recordFailure(failed(code));
  contact.recordFailure(REFUSED);
  await clock.pass(60_000);
  expect(givenUp).not.toHaveBeenCalled();
});

const login = (message: string): Error =>
  Object.assign(new Error(`SASL PLAIN authentication failed: ${message}`), {
    name: 'KafkaJSSASLAuthenticationError',
  });

it.each([
  ['a wrong password', login('Authentication failed: Invalid username or password')],
  ['a mechanism that is not there', Object.assign(new Error(), { type: 'UNSUPPORTED_SASL_MECHANISM' })],
  ['a certificate that has expired', failed('CERT_HAS_EXPIRED')],
])('%s is a refusal', async (_, error) => {
  const { clock, contact, givenUp } = started(1);
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(error);
  await clock.pass(1_000);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it.each([
  'Connection timeout',
  'Closed connection',
  // It broke off between two steps, as while a token was fetched.
  'Not connected',
  'Request SaslAuthenticate(key: 36, version: 1) timed out',
  'Connection error: read ECONNRESET',
])('a log-in that is broken off is no refusal: %s', async (message) => {
  const { clock, contact, givenUp } = started(1);
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(login(message));
  await clock.pass(60_000);
  expect(givenUp).not.toHaveBeenCalled();
});

it('a broker that was there, at whatever time, is waited for', async () => {
  const { clock, contact, givenUp } = started(1);
  contact.onConnected();
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(REFUSED);
  await clock.pass(60_000);
  expect([givenUp.mock.calls.length, clock.armed]).toEqual([0, 0]);
});

it('one that comes while it is tried is waited for, too', async () => {
  const { clock, contact, givenUp } = started(1);
  contact.whenAllRefuse(givenUp);
  contact.recordFailure(REFUSED);
  contact.onConnected();
  await clock.pass(60_000);
  contact.recordFailure(REFUSED);
  expect(givenUp).not.toHaveBeenCalled();
});

it('who ends it hears nothing any more', async () => {
  const { clock, contact, givenUp } = started(1);
  contact.whenAllRefuse(givenUp)();
  contact.recordFailure(REFUSED);
  await clock.pass(60_000);
  expect([givenUp.mock.calls.length, clock.armed]).toEqual([0, 0]);
});
