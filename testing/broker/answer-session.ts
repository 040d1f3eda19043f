// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// ApiVersions v0-v2, SaslHandshake v1 and SaslAuthenticate v1 (PLAIN, OAUTHBEARER).
import { ERROR } from './apis.ts';
import type { ReadRequest, SaslAttempt, Session } from './state.ts';
import { Encoder } from './wire.ts';

const MECHANISMS = ['PLAIN', 'OAUTHBEARER'];

// Kafka's KafkaChannel.java, MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS: within a second of the last re-authentication (not of
// the first authentication) the next one is not begun, and the handshake is answered like any other request.
const LEAST_BETWEEN_REAUTHENTICATIONS_MS = 1_000;

/** A handshake on a connection that is authenticated already. @returns whether the broker begins with it */
function mayAuthenticateAgain(session: Session): boolean {
  const now = Date.now();
  const last = session.reauthenticatedAt;
  if (last !== null && now - last < LEAST_BETWEEN_REAUTHENTICATIONS_MS) return false;
  session.reauthenticatedAt = now;
  return true;
}

export const readApiVersions: ReadRequest = (_decoder, state, version) => ({
  targets: [],
  answer: ({ effect, broker }) => {
    const versions = state.versionsOf(broker);
    // A version that the broker does not know is answered in the layout of version 0, without a throttle time.
    const isKnown = versions.speaks('ApiVersions', version);
    const response = new Encoder()
      .writeInt16(isKnown ? effect.errorOf() : ERROR.UNSUPPORTED_VERSION)
      .writeArray(
        versions
          .advertised()
          .map(({ key, min, max }) => new Encoder().writeInt16(key).writeInt16(min).writeInt16(max)),
      );
    return isKnown && version > 0 ? response.writeInt32(effect.throttle) : response;
  },
});

export const readSaslHandshake: ReadRequest = (decoder, state) => {
  const mechanism = decoder.readString() ?? '';
  return {
    targets: [],
    answer: ({ effect, session }) => {
      let error = effect.errorOf();
      if (error === ERROR.NONE && state.settings.sasl === null) error = ERROR.ILLEGAL_SASL_STATE;
      const isAgain = session.authenticatedUntil !== null;
      if (error === ERROR.NONE && isAgain && !mayAuthenticateAgain(session)) error = ERROR.ILLEGAL_SASL_STATE;
      if (error === ERROR.NONE && !MECHANISMS.includes(mechanism)) error = ERROR.UNSUPPORTED_SASL_MECHANISM;
      session.mechanism = error === ERROR.NONE ? mechanism : null;
      return new Encoder().writeInt16(error).writeArray(MECHANISMS);
    },
  };
};

/** PLAIN (RFC 4616): authorisation id NUL user NUL password. */
function readPlain(bytes: Buffer): SaslAttempt {
  const [, username = '', password = ''] = bytes.toString('utf8').split('\u0000');
  return { mechanism: 'PLAIN', username, password };
}

/** OAUTHBEARER (RFC 7628): GS2 header, then key=value pairs, each ended by 0x01. */
function readOauthBearer(bytes: Buffer): SaslAttempt {
  const pairs = bytes
    .toString('utf8')
    .split('\u0001')
    .slice(1)
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
  const { auth = '', ...extensions } = Object.fromEntries(pairs);
  return { mechanism: 'OAUTHBEARER', token: auth.replace(/^Bearer /, ''), extensions };
}

export const readSaslAuthenticate: ReadRequest = (decoder, state) => {
  const bytes = decoder.readBytes() ?? Buffer.alloc(0);
  return {
    targets: [],
    answer: ({ effect, session }) => {
      const { sasl, saslSessionLifetimeMs } = state.settings;
      let error = effect.errorOf();
      let why = 'refused by the stand-in';
      if (error === ERROR.NONE && (sasl === null || session.mechanism === null))
        error = ERROR.ILLEGAL_SASL_STATE;
      if (error === ERROR.NONE && sasl !== null) {
        const attempt = session.mechanism === 'PLAIN' ? readPlain(bytes) : readOauthBearer(bytes);
        const answer = sasl(attempt);
        if (answer !== true) error = ERROR.SASL_AUTHENTICATION_FAILED;
        if (typeof answer === 'string') why = answer;
      }
      session.mechanism = null;
      const isIn = error === ERROR.NONE;
      const lifetime = saslSessionLifetimeMs === 0 ? Number.POSITIVE_INFINITY : saslSessionLifetimeMs;
      session.authenticatedUntil = isIn ? Date.now() + lifetime : null;
      // As Kafka does: told why, then shown the door.
      session.closeAfterAnswer = !isIn;
      return new Encoder()
        .writeInt16(error)
        .writeString(isIn ? null : `Authentication failed: ${why}`)
        .writeBytes(Buffer.alloc(0))
        .writeInt64(isIn ? saslSessionLifetimeMs : 0);
    },
  };
};
