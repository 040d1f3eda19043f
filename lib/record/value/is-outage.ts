import { DeadlineError } from '../../time/deadline.ts';
import { causesOf } from '../../util/root-cause.ts';
import { attempt } from '../../util/safely.ts';

// Of Node's sockets and DNS, and of undici (fetch).
const CODES =
  /\b(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ESOCKETTIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT|UND_ERR_SOCKET)\b/;

// What a request without an answer is called by the clients that have no code for it: mappersmith (gateway/http.js, in
// @kafkajs/confluent-schema-registry) makes a response 400 of it, with the socket's message or its own "Timeout (5000ms)".
const MESSAGES = /\bsocket hang up\b|\bTimeout \(\d+ms\)/;

/** Whether an error says that a service is not there now, and may be later: then asking again makes sense. */
export function isOutage(error: unknown): boolean {
  return causesOf(error).some((cause) => attempt(() => tellsOutage(cause)));
}

function tellsOutage(cause: Record<string, unknown>): boolean {
  if (cause instanceof DeadlineError) return true;
  const { code, name, message, status, statusCode } = cause;
  const answer = typeof status === 'number' ? status : statusCode;
  if (typeof answer === 'number' && (answer === 429 || answer >= 500)) return true;
  if (typeof code === 'string' && CODES.test(code)) return true;
  if (name === 'TimeoutError') return true;
  const text = String(message);
  return answer === undefined || answer === 400 ? MESSAGES.test(text) || CODES.test(text) : false;
}
