import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  certificateAt,
  checkAdvertised,
  checkConnections,
  checkNames,
  checkTls,
  shown,
} from '../../../lib/command/check/check-network.ts';
import { EXPIRED_TLS, SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { failureOf, keptSteps } from './rig.ts';

const CLOSED = '127.0.0.1:1';
// A part of a name has 63 characters at most: so nobody is asked for this one.
const NO_NAME = `${'x'.repeat(64)}.invalid`;

/** A server on this machine, and the sockets that are open at it. */
async function listening(
  server: Server = createServer(),
): Promise<{ address: string; port: number; open: Set<Socket> }> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket.on('error', () => undefined).resume());
    socket.once('close', () => open.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, port, open };
}

/** Resolves once the other side has closed all of them. */
async function emptied(open: ReadonlySet<Socket>): Promise<void> {
  for (const socket of open) if (!socket.closed) await once(socket, 'close');
}

const withTls = (tls: { key: string; cert: string }) =>
  listening(createTlsServer(tls).on('tlsClientError', () => undefined));

it('an address is shown as it is given', () => {
  expect(shown({ host: 'broker', port: 9_092 })).toBe('broker:9092');
  expect(shown({ host: '::1', port: 9_092 })).toBe('[::1]:9092');
  expect(shown({ host: '127.0.0.1', port: 9_092 })).toBe('127.0.0.1:9092');
});

describe('a name', () => {
  it('is looked up, and an address need not be', async () => {
    const { steps, said } = keptSteps();
    const addresses = ['127.0.0.1:1', '[::1]:1', 'localhost:1'];
    expect(await checkNames(steps, addresses)).toEqual(addresses);
    expect(said()).toEqual([
      expect.stringMatching(
        /^ok dns: 127\.0\.0\.1 is an address; ::1 is an address; localhost is (127\.0\.0\.1|::1)(, (127\.0\.0\.1|::1))?$/,
      ),
    ]);
  });

  it('that nobody knows is a warning beside one that is known, and a failure by itself', async () => {
    const { steps, said } = keptSteps();
    const unknown = `getaddrinfo ENOTFOUND ${NO_NAME}`;
    expect(await checkNames(steps, [`${NO_NAME}:1`, '127.0.0.1:1'])).toEqual(['127.0.0.1:1']);
    expect(said()).toEqual([
      `warning dns: ${unknown}; 127.0.0.1 is an address | Check the spelling of the host, and the DNS of this machine or container.`,
    ]);
    expect(await failureOf(checkNames(steps, [`${NO_NAME}:1`, `${NO_NAME}:2`]))).toBe(
      `dns: ${unknown} | Check the spelling of the host, and the DNS of this machine or container.`,
    );
    expect(await failureOf(checkNames(steps, []))).toMatch('dns: ');
  });
});

describe('a connection', () => {
  it('is tried to each broker, and closed again', async () => {
    const { steps, said } = keptSteps();
    const { address, open } = await listening();
    expect(await checkConnections(steps, [address, CLOSED])).toEqual([address]);
    expect(said()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^warning tcp: ${address} accepts connections \\(\\d+ ms\\); connect ECONNREFUSED ${CLOSED} \\| Check that the broker runs`,
        ),
      ),
    ]);
    await emptied(open);
    expect(await failureOf(checkConnections(steps, [CLOSED]))).toMatch(`tcp: connect ECONNREFUSED ${CLOSED}`);
  });

  it('to the addresses that the brokers name is needed for all of them', async () => {
    const { steps, said } = keptSteps();
    const [one, other] = [await listening(), await listening()];
    await checkAdvertised(steps, [one.address, other.address]);
    expect(said()).toEqual([
      `ok advertised: the brokers name ${one.address}, ${other.address}, and can be reached there`,
    ]);
    expect(await failureOf(checkAdvertised(steps, [one.address, CLOSED]))).toMatch(
      `advertised: the brokers name an address that cannot be reached: connect ECONNREFUSED ${CLOSED} | Clients connect`,
    );
  });
});

describe('TLS', () => {
  const ca = SPEC_TLS.cert;

  it('is skipped where it is not configured', async () => {
    const { steps, said } = keptSteps();
    await checkTls(steps, [CLOSED], false);
    expect(said()).toEqual(['skipped tls: not configured']);
  });

  it('left out which version of TLS it is; and says whose certificate, once where all brokers have the same', async () => {
    const { steps, said } = keptSteps();
    const [one, other] = [await withTls(SPEC_TLS), await withTls(SPEC_TLS)];
    await checkTls(steps, [one.address, other.address], { ca });
    expect(said()).toEqual([
      expect.stringMatching(
        /^ok tls: certificate of 127\.0\.0\.1, issued by 127\.0\.0\.1, expires [^,;]*, TLSv1\.[23]$/,
      ),
    ]);
    await emptied(one.open);
  });

  it.each([
    [
      () => {
        throw new Error('not this host');
      },
      'not this host',
    ],
    [async () => undefined, 'it returned a promise'],
  ])('ended with an uncaught exception where checkServerIdentity fails', async (checkServerIdentity, why) => {
    const { steps } = keptSteps();
    const { address } = await withTls(SPEC_TLS);
    expect(
      await failureOf(checkTls(steps, [address], { ca, checkServerIdentity: checkServerIdentity as never })),
    ).toMatch(`tls: kafka.ssl.checkServerIdentity failed: ${why}: certificate of `);
  });

  it.each([
    [
      'that nobody has issued',
      SPEC_TLS,
      true,
      'DEPTH_ZERO_SELF_SIGNED_CERT: certificate of',
      'This machine does not trust the certificate (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    [
      'that has expired',
      EXPIRED_TLS,
      { ca: EXPIRED_TLS.cert },
      'CERT_HAS_EXPIRED: certificate of',
      'has expired: have it renewed',
    ],
  ] as const)('with a certificate %s is a failure', async (_, tls, ssl, why, advice) => {
    const { steps } = keptSteps();
    const { address, open } = await withTls(tls);
    const failure = await failureOf(checkTls(steps, [address], ssl as never));
    expect(failure).toMatch(`tls: ${why}`);
    expect(failure).toMatch(advice);
    await emptied(open);
  });

  it('with the certificate of another host is a failure', async () => {
    const { steps } = keptSteps();
    const { port } = await withTls(SPEC_TLS);
    const failure = await failureOf(
      checkTls(steps, [`127.0.0.1:${port}`], { ca, servername: 'another.example' }),
    );
    expect(failure).toMatch(/^tls: ERR_TLS_CERT_ALTNAME_INVALID: certificate of 127\.0\.0\.1/);
    expect(failure).toMatch('The certificate is for another host.');
  });

  it('takes any certificate where that is configured, and says of each broker’s whose it is', async () => {
    const { steps, said } = keptSteps();
    const [one, other] = [await withTls(EXPIRED_TLS), await withTls(SPEC_TLS)];
    await checkTls(steps, [one.address, other.address], { rejectUnauthorized: false });
    expect(said()).toEqual([
      expect.stringMatching(
        /^ok tls: certificate of .* 2000 GMT, TLS\S+; certificate of .* 2126 GMT, TLS\S+$/,
      ),
    ]);
  });

  it('is asked for by the name of the host, which is no address', async () => {
    const names: unknown[] = [];
    const server = createTlsServer({
      ...SPEC_TLS,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const { port } = await listening(server.on('tlsClientError', () => undefined));
    const { steps } = keptSteps();
    await failureOf(checkTls(steps, [`localhost:${port}`, `127.0.0.1:${port}`], { ca }));
    await failureOf(checkTls(steps, [`127.0.0.1:${port}`], { ca }));
    expect(names).toEqual(['localhost']);
  });

  it('at a plain port is a failure, whatever the port does', async () => {
    const { steps } = keptSteps();
    const closing = await listening(createServer((socket) => void socket.end()));
    const failure = await failureOf(checkTls(steps, [closing.address], true));
    expect(failure).toMatch(`tls: no TLS handshake with ${closing.address}: `);
    expect(failure).toMatch('Is it a PLAINTEXT listener?');
    const speaking = await listening(createServer((socket) => void socket.write('not TLS')));
    expect(await failureOf(checkTls(steps, [speaking.address], true))).toMatch('tls: no TLS handshake with');
    const silent = await listening();
    expect(await failureOf(checkTls(keptSteps(5).steps, [silent.address], true))).toMatch(
      `the TLS handshake with ${silent.address} did not end within 5 ms`,
    );
    await emptied(silent.open);
  });
});

it('the certificate at a port that was taken for a plain one is found, if there is one', async () => {
  const { steps } = keptSteps();
  const tls = await withTls(SPEC_TLS);
  expect(await certificateAt(steps, tls.address)).toMatch('certificate of 127.0.0.1, issued by 127.0.0.1');
  await emptied(tls.open);
  expect(await certificateAt(steps, CLOSED)).toBeUndefined();
  expect(
    await certificateAt(steps, (await listening(createServer((socket) => void socket.end()))).address),
  ).toBeUndefined();
});
