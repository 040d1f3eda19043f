import { createServer } from 'node:http';
import { connect, type Server } from 'node:net';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isOutage } from '../../../lib/record/value/is-outage.ts';
import { DeadlineError } from '../../../lib/time/deadline.ts';

/** An error with these fields. */
const errorWith = (fields: object, message = 'no'): Error => Object.assign(new Error(message), fields);

const CODES = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ESOCKETTIMEDOUT'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET'],
];

describe('an outage is', () => {
  it.each(CODES)('the code %s; in a message, too; and of a cause', (code) => {
    expect(isOutage(errorWith({ code }))).toBe(true);
    expect(isOutage(new Error(`connect ${code} 127.0.0.1:8081`))).toBe(true);
    expect(isOutage(new TypeError('fetch failed', { cause: errorWith({ code }) }))).toBe(true);
  });

  it.each([429, 500, 502, 503, 504, 599])('the status %i, in status or statusCode', (status) => {
    expect(isOutage(errorWith({ status }))).toBe(true);
    expect(isOutage(errorWith({ statusCode: status }))).toBe(true);
    expect(isOutage({ status })).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a deadline that has passed', new DeadlineError('serialize did not end within 10 ms')],
    ['a signal that timed out', new DOMException('The operation timed out', 'TimeoutError')],
    ['a socket that hung up', new Error('socket hang up')],
    ['the same as 400, as mappersmith has it', errorWith({ status: 400 }, 'socket hang up')],
    ["mappersmith's own timeout", errorWith({ status: 400 }, 'Confluent_Schema_Registry - Timeout (5000ms)')],
    ['an error of another realm', runInNewContext("Object.assign(new Error('x'), { code: 'ECONNRESET' })")],
    ['a cause far inside', new Error('a', { cause: new Error('b', { cause: errorWith({ status: 503 }) }) })],
    [
      'an error whose message throws, for its code',
      Object.defineProperty(errorWith({ code: 'EPIPE' }), 'message', {
        value: {
          toString: () => {
            throw new Error('no');
          },
        },
      }),
    ],
  ])('%s', (_, error) => {
    expect(isOutage(error)).toBe(true);
  });

  it('what fetch and a socket say of a port where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1') as Server;
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    expect(isOutage(await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error))).toBe(true);
    const refused = await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve));
    expect(isOutage(refused)).toBe(true);
  });

  it('what fetch says of a server that hangs up, and of one that is too slow', async () => {
    const server = createServer((request) => {
      if (request.url === '/gone') request.socket.destroy();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const url = `http://127.0.0.1:${port}`;
    expect(isOutage(await fetch(`${url}/gone`).catch((error: unknown) => error))).toBe(true);
    const signal = AbortSignal.timeout(1);
    expect(isOutage(await fetch(url, { signal }).catch((error: unknown) => error))).toBe(true);
  });
});

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

describe('no outage is', () => {
  it.each<[string, unknown]>([
    ['what throws when it is looked at', revoked],
    ['any other error', new Error('no')],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'ECONNREFUSED'],
    ['the status 200', errorWith({ status: 200 })],
    ['the status 404', errorWith({ status: 404 })],
    ['the status 428', errorWith({ status: 428 })],
    ['the status 499', errorWith({ status: 499 })],
    ['a status that is a text', errorWith({ status: '503' })],
    ['an answer, whatever its text speaks of', errorWith({ status: 404 }, 'no subject ECONNREFUSED')],
    ['an answer by its statusCode, likewise', errorWith({ statusCode: 422 }, 'Timeout (5ms)')],
    ['an unknown code', errorWith({ code: 'ERR_INVALID_ARG_TYPE' })],
    ['a code within a longer word', errorWith({ code: 'MY_ECONNREFUSED' })],
    ['a text about timeouts', new Error('Timeout of the order')],
    ['an aborted call', new DOMException('This operation was aborted', 'AbortError')],
    [
      'what throws when it is read',
      Object.defineProperty({}, 'code', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('%s', (_, error) => {
    expect(isOutage(error)).toBe(false);
  });

  it('an error that is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(isOutage(error)).toBe(false);
  });
});
