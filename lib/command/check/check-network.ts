import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { type Address, addressOf } from '../../clients/kafkajs/brokers/broker-list.ts';
import { guardedSsl } from '../../clients/kafkajs/guarded-config.ts';
import type { KafkaConfig } from '../../clients/kafkajs/inspector.ts';
import { systemClock } from '../../time/clock.ts';
import { reasonOf, StepFailure, type StepName, type Steps } from './steps.ts';

/** `host:port`, with an IPv6 address in brackets. */
export const shown = ({ host, port }: Address): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** Tries each address. One that works is enough for the first contact; the others are a warning. @returns those that work */
async function tryEach(
  steps: Steps,
  name: StepName,
  addresses: readonly string[],
  tryOne: (address: string) => Promise<string>,
  advice: string,
): Promise<string[]> {
  const tried = await Promise.allSettled(addresses.map(tryOne));
  const working = addresses.filter((_, at) => tried[at]?.status === 'fulfilled');
  const details = tried.map((result) =>
    result.status === 'fulfilled' ? result.value : reasonOf(result.reason),
  );
  const detail = [...new Set(details)].join('; ');
  if (working.length === 0) throw new StepFailure(name, detail, advice);
  if (working.length === addresses.length) steps.ok(name, detail);
  else steps.warn(name, detail, advice);
  return working;
}

export async function checkNames(steps: Steps, addresses: readonly string[]): Promise<string[]> {
  const find = async (broker: string): Promise<string> => {
    const { host } = addressOf(broker);
    if (isIP(host) !== 0) return `${host} is an address`;
    const found = await steps.within(`looking up ${host}`, () => lookup(host, { all: true }));
    return `${host} is ${found.map(({ address }) => address).join(', ')}`;
  };
  const advice = 'Check the spelling of the host, and the DNS of this machine or container.';
  return await tryEach(steps, 'dns', addresses, find, advice);
}

export function checkConnections(steps: Steps, addresses: readonly string[]): Promise<string[]> {
  const advice =
    'Check that the broker runs, that the port is that of a listener, and that no firewall is between.';
  return tryEach(steps, 'tcp', addresses, (address) => reach(steps, address), advice);
}

/** The addresses at which clients are told to find the brokers. All of them are needed. */
export async function checkAdvertised(steps: Steps, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    try {
      await reach(steps, address);
    } catch (error) {
      throw notReached(reasonOf(error));
    }
  }
  const detail = `the brokers name ${addresses.join(', ')}, and can be reached there`;
  steps.ok('advertised', detail);
}

export function notReached(reason: string): StepFailure {
  const advice =
    "Clients connect to the address that a broker names. Set the broker's advertised.listeners to one that this machine can reach.";
  return new StepFailure(
    'advertised',
    `the brokers name an address that cannot be reached: ${reason}`,
    advice,
  );
}

async function reach(steps: Steps, broker: string): Promise<string> {
  const begun = systemClock.monotonic();
  const socket = connectTcp(addressOf(broker));
  await opened(steps, socket, 'connect', `connecting to ${broker}`);
  socket.destroy();
  return `${broker} accepts connections (${since(begun)})`;
}

async function opened(
  steps: Steps,
  socket: Socket,
  event: 'connect' | 'secureConnect',
  what: string,
): Promise<void> {
  const opening = (): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.once(event, resolve);
      socket.on('error', reject);
    });
  try {
    await steps.within(what, opening);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

const since = (begun: number): string => `${Math.round(systemClock.monotonic() - begun)} ms`;

/** The certificate of each broker that was reached. */
export async function checkTls(
  steps: Steps,
  addresses: readonly string[],
  ssl: KafkaConfig['ssl'],
): Promise<void> {
  if (!ssl) {
    steps.skip('tls', 'not configured');
    return;
  }
  const options = typeof ssl === 'object' ? guardedSsl(ssl) : {};
  const details = new Set<string>();
  for (const broker of addresses) {
    const socket = secureSocket(broker, options);
    await opened(steps, socket, 'secureConnect', `the TLS handshake with ${broker}`).catch((error) => {
      const advice =
        'The port speaks no TLS, or not with these settings. Is it a PLAINTEXT listener? Then leave ssl (KAFKA_SSL) out.';
      throw new StepFailure('tls', `no TLS handshake with ${broker}: ${reasonOf(error)}`, advice);
    });
    const certificate = certificateOf(socket);
    const protocol = socket.getProtocol();
    // Its code, or its text: no Error, against the types.
    const problem: unknown = socket.authorizationError;
    socket.destroy();
    if (typeof problem === 'string' && options.rejectUnauthorized !== false)
      throw new StepFailure('tls', `${problem}: ${certificate}`, adviceFor(problem));
    details.add(`${certificate}, ${protocol}`);
  }
  steps.ok('tls', [...details].join('; '));
}

/** A socket that accepts any certificate, to be told of one that has to be refused, too. */
function secureSocket(broker: string, options: ConnectionOptions): TLSSocket {
  const address = addressOf(broker);
  const servername = isIP(address.host) === 0 ? { servername: address.host } : {};
  return connectTls({ ...address, ...servername, ...options, rejectUnauthorized: false });
}

/** Whose certificate is shown at a port that was taken for a plain one; nothing where it is plain. */
export async function certificateAt(steps: Steps, broker: string): Promise<string | undefined> {
  const socket = secureSocket(broker, {});
  try {
    await opened(steps, socket, 'secureConnect', 'the TLS handshake');
    return certificateOf(socket);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

function certificateOf(socket: TLSSocket): string {
  const { subject, issuer, valid_to: validTo } = socket.getPeerCertificate();
  const nameOf = (of: { CN?: unknown; O?: unknown } | undefined): string =>
    String(of?.CN ?? of?.O ?? 'an unnamed subject');
  return `certificate of ${nameOf(subject)}, issued by ${nameOf(issuer)}, expires ${validTo}`;
}

function adviceFor(code: string): string {
  if (code === 'CERT_HAS_EXPIRED')
    return "The broker's certificate has expired: have it renewed. If it has not, this machine's clock is wrong.";
  if (code === 'CERT_NOT_YET_VALID')
    return "The broker's certificate is not valid yet: is this machine's clock right?";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate is for another host. Use a name that it holds, or have it issued for this one.';
  return `This machine does not trust the certificate (${code}). Give the certificate of its authority as ssl.ca (KAFKA_SSL_CA), if the broker is the right one.`;
}
