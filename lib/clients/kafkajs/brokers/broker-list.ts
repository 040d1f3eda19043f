import { isIPv6 } from 'node:net';

/** What stands for brokers, as the errors say it. */
export const BROKERS_RULE =
  '"host:port" (several: in a list, or in one string with commas between them), or a function that returns this';

/** The addresses, each `host:port`; or what is wrong with what was given, in words that show nothing of it. */
export type BrokerList =
  | { readonly brokers: string[]; readonly problem?: undefined }
  | { readonly brokers?: undefined; readonly problem: string };

/**
 * Reads a list of brokers: an array, or a string with commas, as an environment variable has it. In a string, white space
 * around an address and empty places (a comma at the end) mean nothing; in an array, they are mistakes.
 *
 * kafkajs splits at the colons without a look at what comes out (cluster/connectionPoolBuilder.js), so that a wrong
 * address is a connection to port NaN there, again and again.
 */
export function readBrokers(given: unknown): BrokerList {
  if (typeof given === 'string') return readString(given);
  if (!Array.isArray(given)) return { problem: kindOf(given) };
  if (given.length === 0) return { problem: 'an empty array' };
  // A copy first: a list with a hole has an entry that `map` leaves out.
  return readEntries([...given], 'a list');
}

function readString(given: string): BrokerList {
  if (given.trim() === '') return { problem: 'an empty string' };
  if (/^\s*[[{].*"/s.test(given)) {
    return { problem: 'a string with JSON in it (give what JSON.parse makes of it)' };
  }
  const entries = given
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) return { problem: 'a string with nothing but commas in it' };
  return readEntries(entries, 'a string');
}

function readEntries(entries: readonly unknown[], what: string): BrokerList {
  for (const [at, entry] of entries.entries()) {
    const problem = problemOf(entry);
    if (problem !== undefined) return { problem: `${what} whose entry [${at}] ${problem}` };
  }
  return { brokers: entries as string[] };
}

/** Not the text of an entry, at no price: it may be a URL with a password, or a token that went to the wrong variable. */
function problemOf(entry: unknown): string | undefined {
  if (typeof entry !== 'string') return 'is not a string';
  if (entry === '') return 'is empty';
  if (entry.includes('@')) return 'has "@" in it (a user name and password go to kafka.sasl)';
  if (entry.includes('://')) return schemeProblem(entry);
  if (entry.includes(',')) {
    return 'has a comma in it (give such a string by itself, without the list around it)';
  }
  if (/\s/.test(entry.trim())) return 'has white space in it (put commas between several addresses)';
  if (/\s/.test(entry)) return 'has white space in it (trim it)';
  return entry.startsWith('[') ? bracketProblem(entry) : hostProblem(entry);
}

const SCHEMES = /^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL|kafka|kafkas|tcp|tls|https?):\/\//i;

function schemeProblem(entry: string): string {
  const known = SCHEMES.exec(entry)?.[0];
  const what = known === undefined ? 'it' : `"${known}"`;
  return `has a scheme (leave ${what} out; TLS is kafka.ssl, SASL is kafka.sasl)`;
}

/** `[::1]:9092` */
function bracketProblem(entry: string): string | undefined {
  const end = entry.indexOf(']');
  const address = entry.slice(1, end);
  const [, zone = ''] = address.split('%');
  if (end === -1 || !isIPv6(address) || zone.includes(':')) {
    return 'has something other than an IPv6 address in its brackets';
  }
  const rest = entry.slice(end + 1);
  if (rest === '') return 'has no port';
  return rest.startsWith(':')
    ? portProblem(rest.slice(1))
    : 'has something between its brackets and its port';
}

function hostProblem(entry: string): string | undefined {
  // Letters and digits of any script: Node looks such a name up by its ASCII form.
  const odd = /[^\p{L}\p{M}\p{N}._:-]/u.exec(entry)?.[0];
  if (odd !== undefined) return `has "${odd}" in it, which no host name has`;
  const [host = '', port, ...more] = entry.split(':');
  if (more.length > 0) {
    const isAddress = isIPv6(entry) || isIPv6(entry.slice(0, entry.lastIndexOf(':')));
    const hint = isAddress ? ' (an IPv6 address goes in brackets: "[::1]:9092")' : '';
    return `has more than one colon${hint}`;
  }
  if (port === undefined) return 'has no port';
  if (host === '') return 'has no host';
  // What a template makes of a variable that is not there.
  if (host === 'undefined' || host === 'null') return `has the host "${host}" (is a variable not set?)`;
  // One at the end is the root's.
  if (host.replace(/\.$/, '').split('.').includes('')) return 'has an empty part in its host name';
  return portProblem(port);
}

function portProblem(port: string): string | undefined {
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return isPort ? undefined : 'has a port that is not a number from 1 to 65535';
}

/** What something is, in words that show nothing of it. */
export function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  if (typeof given === 'object') return 'an object';
  return typeof given === 'function' ? 'a function' : `of type ${typeof given}`;
}

// Windows' way of writing an IPv6 address where no colon may stand: colons are hyphens, and the "%" before a zone an "s".
const LITERAL = '.ipv6-literal.net';

/** The address in a form that kafkajs, which splits it at each colon, can take. {@link plainHost} undoes it. */
export function splittable(broker: string): string {
  const [, address, port] = /^\[(.*)\]:(\d+)$/.exec(broker) ?? [];
  if (address === undefined) return broker;
  return `${address.replaceAll(':', '-').replace('%', 's')}${LITERAL}:${port}`;
}

/** The host that kafkajs asks a socket for: of a {@link splittable} one the IPv6 address itself, without brackets. */
export function plainHost(host: string): string {
  if (!host.endsWith(LITERAL)) return host;
  const [address = '', ...zone] = host.slice(0, -LITERAL.length).split('s');
  const plain = address.replaceAll('-', ':');
  return zone.length === 0 ? plain : `${plain}%${zone.join('s')}`;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The parts of a broker's `host:port`: an IPv6 address without its brackets. */
export function addressOf(broker: string): Address {
  const at = broker.lastIndexOf(':');
  return {
    host: plainHost(broker.slice(0, at)).replaceAll(/[[\]]/g, ''),
    port: Number(broker.slice(at + 1)),
  };
}

/** A {@link splittable} address, as kafkajs shows it in its log lines, written as it was given. */
export function shownBroker(broker: string): string {
  const at = broker.lastIndexOf(':');
  const host = broker.slice(0, at);
  return host.endsWith(LITERAL) ? `[${plainHost(host)}]${broker.slice(at)}` : broker;
}

/** kafkajs's connection errors name the broker in a field of their own; the outermost may be about its retries. */
export function withShownBroker(error: unknown): unknown {
  for (const at of [error, (error as { cause?: unknown } | undefined)?.cause]) {
    const { broker } = (at ?? {}) as { broker?: unknown };
    if (typeof broker === 'string') Object.assign(at as object, { broker: shownBroker(broker) });
  }
  return error;
}

/** The same list from another place on. */
export function rotated(brokers: readonly string[], by: number): string[] {
  const at = brokers.length === 0 ? 0 : by % brokers.length;
  return [...brokers.slice(at), ...brokers.slice(0, at)];
}
