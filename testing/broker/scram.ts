// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// The server's side of SCRAM (RFC 5802, RFC 7677), as Kafka's ScramSaslServer.java has it.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

const DIGESTS: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
};
/** The fewest that Kafka and kafkajs allow. */
const ITERATIONS = 4096;

export const SCRAM_MECHANISMS: readonly string[] = Object.keys(DIGESTS);

/** One authentication: two messages of the client, each with an answer. */
export class ScramExchange {
  readonly #digest: { readonly name: string; readonly bytes: number };
  readonly #passwords: Readonly<Record<string, string>>;
  readonly #salt = randomBytes(16);
  #password = '';
  #clientFirstBare = '';
  #serverFirst = '';
  #nonce = '';

  /** @param passwords by user name */
  constructor(mechanism: string, passwords: Readonly<Record<string, string>>) {
    const digest = DIGESTS[mechanism];
    if (digest === undefined) throw new TypeError(`${mechanism} is not SCRAM`);
    this.#digest = digest;
    this.#passwords = passwords;
  }

  get hasBegun(): boolean {
    return this.#serverFirst !== '';
  }

  /** @returns the server's first message; undefined: there is no such user */
  begin(clientFirst: string): string | undefined {
    // `n,,` is the GS2 header without channel binding and authorisation id.
    this.#clientFirstBare = clientFirst.replace(/^n,[^,]*,/, '');
    const { n = '', r = '' } = fieldsOf(this.#clientFirstBare);
    const user = n.replaceAll('=2C', ',').replaceAll('=3D', '=');
    if (!Object.hasOwn(this.#passwords, user)) return undefined;
    this.#password = this.#passwords[user] ?? '';
    this.#nonce = r + randomBytes(12).toString('hex');
    this.#serverFirst = `r=${this.#nonce},s=${this.#salt.toString('base64')},i=${ITERATIONS}`;
    return this.#serverFirst;
  }

  /** @returns the server's final message; undefined: the client does not know the password */
  finish(clientFinal: string): string | undefined {
    const { r, p = '' } = fieldsOf(clientFinal);
    const withoutProof = clientFinal.slice(0, clientFinal.lastIndexOf(',p='));
    const message = [this.#clientFirstBare, this.#serverFirst, withoutProof].join(',');
    const { name, bytes } = this.#digest;
    const salted = pbkdf2Sync(this.#password, this.#salt, ITERATIONS, bytes, name);
    const clientKey = this.#hmac(salted, 'Client Key');
    const storedKey = createHash(name).update(clientKey).digest();
    const signature = this.#hmac(storedKey, message);
    const proof = Buffer.from(p, 'base64');
    const expected = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
    const isRight = proof.length === expected.length && timingSafeEqual(proof, expected);
    if (r !== this.#nonce || !isRight) return undefined;
    return `v=${this.#hmac(this.#hmac(salted, 'Server Key'), message).toString('base64')}`;
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#digest.name, key).update(text).digest();
  }
}

/** `n=ada,r=nonce`, by their one-letter names. A value may hold `=`. */
function fieldsOf(message: string): Record<string, string> {
  return Object.fromEntries(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
