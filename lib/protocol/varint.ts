// Kafka writes signed numbers of variable length as zigzag (0, -1, 1, -2, 2 as 0, 1, 2, 3, 4) in groups of seven bits, the
// lowest first, as Protocol Buffers do. The sign is the lowest bit, so the first group has six bits of the number. It is taken
// apart by that: twice the difference of two timestamps may be no safe integer any more.
const GROUP = 128;
const FIRST_GROUP = 64;

/** How many bytes a number takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = Math.floor(magnitudeOf(value) / FIRST_GROUP); rest > 0; rest = Math.floor(rest / GROUP))
    size++;
  return size;
}

/** Writes a number. @returns where it ends */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  const magnitude = magnitudeOf(value);
  const first = (magnitude % FIRST_GROUP) * 2 + (value < 0 ? 1 : 0);
  if (magnitude < FIRST_GROUP) {
    bytes[at] = first;
    return at + 1;
  }
  bytes[at] = first + GROUP;
  return writeUnsignedVarint(bytes, at + 1, Math.floor(magnitude / FIRST_GROUP));
}

/** The same without a sign. */
export function writeUnsignedVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value;
  let end = at;
  for (; rest >= GROUP; rest = Math.floor(rest / GROUP)) bytes[end++] = (rest % GROUP) + GROUP;
  bytes[end++] = rest;
  return end;
}

/** A number without its sign, where -1 is 0, -2 is 1, and so on. */
function magnitudeOf(value: number): number {
  return value < 0 ? -value - 1 : value;
}
