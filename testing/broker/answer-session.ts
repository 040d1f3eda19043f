// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// ApiVersions v0-v2, SaslHandshake v1 and SaslAuthenticate v1 (PLAIN, OAUTHBEARER, SCRAM).
import { ERROR } from './apis.ts';
import { SCRAM_MECHANISMS, ScramExchange } from './scram.ts';
import type { ClusterSettings, ReadRequest, SaslAttempt, Session } from './state.ts';
import { Encoder } from './wire.ts';

/** What the stand-in offers: SCRAM where there are users for it. */
const mechanismsOf = ({ scram }: ClusterSettings): string[] => [
  'PLAIN',
  'OAUTHBEARER',
  ...(scram === null ? [] : SCRAM_MECHANISMS),
];

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
      const { settings } = state;
      const mechanisms = mechanismsOf(settings);
      if (error === ERROR.NONE && settings.sasl === null) error = ERROR.ILLEGAL_SASL_STATE;
      const isAgain = session.authenticatedUntil !== null;
      if (error === ERROR.NONE && isAgain && !mayAuthenticateAgain(session)) error = ERROR.ILLEGAL_SASL_STATE;
      if (error === ERROR.NONE && !mechanisms.includes(mechanism)) error = ERROR.UNSUPPORTED_SASL_MECHANISM;
      session.mechanism = error === ERROR.NONE ? mechanism : null;
      const isScram = session.mechanism !== null && SCRAM_MECHANISMS.includes(session.mechanism);
      session.scram = isScram ? new ScramExchange(mechanism, settings.scram ?? {}) : null;
      return new Encoder().writeInt16(error).writeArray(mechanisms);
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

/** What became of one message of the client. */
interface Step {
  readonly state: 'done' | 'refused' | 'goes on';
  readonly why: string;
  readonly answer: string;
}

// Kafka's PlainSaslServer.
const WRONG_PASSWORD = 'Invalid username or password';

const DONE: Step = { state: 'done', why: '', answer: '' };
const refusal = (why: string): Step => ({ state: 'refused', why: `Authentication failed${why}`, answer: '' });

function stepOf(bytes: Buffer, { mechanism, scram }: Session, sasl: ClusterSettings['sasl']): Step {
  if (scram !== null) return scramStep(scram, mechanism, bytes.toString('utf8'));
  const given = sasl?.(mechanism === 'PLAIN' ? readPlain(bytes) : readOauthBearer(bytes));
  if (given === true) return DONE;
  return refusal(`: ${typeof given === 'string' ? given : WRONG_PASSWORD}`);
}

function scramStep(scram: ScramExchange, mechanism: string | null, message: string): Step {
  const isLast = scram.hasBegun;
  const answer = isLast ? scram.finish(message) : scram.begin(message);
  // Kafka's SaslServerAuthenticator, where the mechanism itself gives no reason.
  if (answer === undefined)
    return refusal(` during authentication due to invalid credentials with SASL mechanism ${mechanism}`);
  return { ...DONE, state: isLast ? 'done' : 'goes on', answer };
}

export const readSaslAuthenticate: ReadRequest = (decoder, state) => {
  const bytes = decoder.readBytes() ?? Buffer.alloc(0);
  return {
    targets: [],
    answer: ({ effect, session }) => {
      const { sasl, saslSessionLifetimeMs } = state.settings;
      let error = effect.errorOf();
      let step = refusal(': refused by the stand-in');
      if (error === ERROR.NONE && (sasl === null || session.mechanism === null))
        error = ERROR.ILLEGAL_SASL_STATE;
      if (error === ERROR.NONE) {
        step = stepOf(bytes, session, sasl);
        if (step.state === 'refused') error = ERROR.SASL_AUTHENTICATION_FAILED;
      }
      const isIn = step.state === 'done';
      const isOver = step.state !== 'goes on';
      if (isOver) {
        session.mechanism = null;
        session.scram = null;
      }
      const lifetime = saslSessionLifetimeMs === 0 ? Number.POSITIVE_INFINITY : saslSessionLifetimeMs;
      session.authenticatedUntil = isIn ? Date.now() + lifetime : null;
      // As Kafka does: told why, then shown the door.
      session.closeAfterAnswer = isOver && !isIn;
      return new Encoder()
        .writeInt16(error)
        .writeString(error === ERROR.NONE ? null : step.why)
        .writeBytes(Buffer.from(step.answer))
        .writeInt64(isIn ? saslSessionLifetimeMs : 0);
    },
  };
};
