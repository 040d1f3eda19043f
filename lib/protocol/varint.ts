// Kafka writes signed numbers of variable length as zigzag (0, -1, 1, -2, 2 as 0, 1, 2, 3, 4) in groups of seven bits, the
// lowest first, as Protocol Buffers do. Numbers here are safe integers: a timestamp's difference may need more than 32 bits.
const GROUP = 128;
const MAX_INT32 = 0x7fffffff;

/** How many bytes a number takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest >= GROUP; rest = Math.floor(rest / GROUP)) size++;
  return size;
}

/** Writes a number. @returns where it ends */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  return writeUnsignedVarint(bytes, at, zigzag(value));
}

/** The same without a sign. */
export function writeUnsignedVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value;
  let end = at;
  for (; rest > MAX_INT32; rest = Math.floor(rest / GROUP)) bytes[end++] = (rest % GROUP) + GROUP;
  for (; rest >= GROUP; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
  bytes[end++] = rest;
  return end;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
