// length of the rest (int32), API (int16), version (int16), correlation id (int32), length of the client's id (int16)
const FIXED_BYTES = 4 + 2 + 2 + 4 + 2;
const LENGTH_BYTES = 4;
const NO_STRING = -1;

/** What stands at the head of every request (version 1 of the header, in which strings have a length of two bytes). */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** What the broker's answer names the request by. */
  readonly correlationId: number;
  readonly clientId: string | null | undefined;
}

/** A whole request, as it is written to a socket. */
export function requestOf(header: RequestHeader, body: readonly Buffer[]): Buffer {
  const { apiKey, apiVersion, correlationId, clientId } = header;
  const id = Buffer.from(clientId ?? '');
  const head = Buffer.alloc(FIXED_BYTES);
  const bodyLength = body.reduce((sum, { length }) => sum + length, 0);
  let at = head.writeInt32BE(FIXED_BYTES - LENGTH_BYTES + id.length + bodyLength, 0);
  at = head.writeInt16BE(apiKey, at);
  at = head.writeInt16BE(apiVersion, at);
  at = head.writeInt32BE(correlationId, at);
  head.writeInt16BE(typeof clientId === 'string' ? id.length : NO_STRING, at);
  return Buffer.concat([head, id, ...body]);
}
