/** A key or a value as bytes: a text as UTF-8. */
export function toBuffer(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
