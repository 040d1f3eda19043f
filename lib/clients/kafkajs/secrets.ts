import type { KafkaConfig } from 'kafkajs';
import { messageOf } from '../../errors.ts';
import { causesOf, rootCause } from '../../util/root-cause.ts';
import { isObject } from '../../util/safely.ts';
import { isProviderError, PROVIDER_ERROR } from '../provider-error.ts';

const HIDDEN = '***';
// Shorter ones are only hidden where they stand alone: hiding every "a" would make an error unreadable.
const SHORT = 4;

// The fields of kafkajs's `sasl` and of Node's TLS options that are nobody else's business.
const SASL_SECRETS = ['password', 'secretAccessKey', 'sessionToken'];
const TLS_SECRETS = ['key', 'passphrase'];

// Tokens change: so many are remembered, and then the oldest is forgotten.
const MAX_SECRETS = 32;

/** What must not be shown, and errors without it: a broker or a provider may repeat what it was given. */
export class Secrets {
  /** The latest last. */
  readonly #values = new Set<string>();

  addFrom({ sasl, ssl }: KafkaConfig): void {
    for (const [from, names] of [
      [sasl, SASL_SECRETS],
      [ssl, TLS_SECRETS],
    ] as const) {
      if (!isObject(from)) continue;
      for (const name of names) this.add((from as Record<string, unknown>)[name]);
    }
  }

  add(secret: unknown): void {
    if (typeof secret !== 'string' || secret === '') return;
    this.#values.delete(secret);
    this.#values.add(secret);
    const [oldest] = this.#values;
    if (this.#values.size > MAX_SECRETS && oldest !== undefined) this.#values.delete(oldest);
  }

  hide(text: string): string {
    let shown = text;
    for (const secret of this.#values) {
      shown =
        secret.length < SHORT
          ? shown.replaceAll(new RegExp(`(?<!\\w)${escaped(secret)}(?!\\w)`, 'g'), HIDDEN)
          : shown.replaceAll(secret, HIDDEN);
    }
    return shown;
  }

  /** The error as it is; or, if a secret stands in it, one that says the same without. */
  cleaned(error: unknown): unknown {
    if (!textsOf(error).some((text) => this.hide(text) !== text)) return error;
    const { name, type, code } = rootCause(error);
    const clean = new Error(this.hide(messageOf(error)));
    // Its stack has the message, too, but would lead nowhere: that of the client's error is in its code.
    clean.stack = String(clean);
    return Object.assign(clean, { name: isProviderError(error) ? PROVIDER_ERROR : name, type, code });
  }
}

/** All that an error and its causes say. */
function textsOf(error: unknown): string[] {
  const texts = causesOf(error).flatMap((at) => (at instanceof Error ? [at.message, at.stack ?? ''] : []));
  return texts.length > 0 ? texts : [messageOf(error)];
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
