import { zlib } from '../../util/node-modules.ts';

/** What every segment begins with: the name of the format, and its version. */
export const FILE_HEADER: Buffer = Buffer.from('WKSPOOL1', 'latin1');

// Four bytes before each frame, to find the next one again behind damage. The first is no UTF-8, so no text has them.
const MARK = Buffer.from([0xff, 0x57, 0x4b, 0x52]);
const LENGTH_AT = 4;
const CHECKSUM_AT = 8;
/** Mark, length and checksum: what a frame has besides its payload. */
export const FRAME_BYTES = 12;

/** What an entry of the journal takes: the frame's offset, what became of it, and a checksum. */
export const ENTRY_BYTES = 12;
const FATE_AT = 4;
const ENTRY_CHECKSUM_AT = 8;
/** In the place of a partition: done with. */
const DONE = 0xffff_ffff;

/** What the checksums of a segment begin with. @param name of the segment, which ends with it */
export function saltOf(name: string): number {
  return Number.parseInt(name.slice(-8), 16);
}

/** @param salt of the segment: no frame of another one, left on the disk from before, passes for one of this */
export function frameOf(payload: Buffer, salt: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_BYTES + payload.length);
  MARK.copy(frame);
  frame.writeUInt32LE(payload.length, LENGTH_AT);
  frame.writeUInt32LE(zlib().crc32(payload, salt), CHECKSUM_AT);
  payload.copy(frame, FRAME_BYTES);
  return frame;
}

/** A whole frame that was found. */
export interface Frame {
  /** Where it starts. */
  readonly offset: number;
  readonly payload: Buffer;
}

/** The frames of a segment, one after another; what is damaged is passed over, up to the next whole frame. */
export class FrameReader {
  readonly #bytes: Buffer;
  readonly #salt: number;
  #at: number;
  /** How many stretches were not whole frames. */
  damages = 0;

  constructor(bytes: Buffer, salt: number) {
    this.#bytes = bytes;
    this.#salt = salt;
    const hasHeader = bytes.subarray(0, FILE_HEADER.length).equals(FILE_HEADER);
    if (!hasHeader) this.damages++;
    this.#at = hasHeader ? FILE_HEADER.length : this.#nextMark(0);
  }

  next(): Frame | undefined {
    let isDamaged = false;
    while (this.#at < this.#bytes.length) {
      const payload = this.#payloadAt(this.#at);
      if (payload !== undefined) {
        const offset = this.#at;
        this.#at += FRAME_BYTES + payload.length;
        return { offset, payload };
      }
      if (!isDamaged) this.damages++;
      isDamaged = true;
      this.#at = this.#nextMark(this.#at + 1);
    }
    return undefined;
  }

  #nextMark(from: number): number {
    const at = this.#bytes.indexOf(MARK, from);
    return at === -1 ? this.#bytes.length : at;
  }

  #payloadAt(at: number): Buffer | undefined {
    const bytes = this.#bytes;
    const start = at + FRAME_BYTES;
    if (start > bytes.length || !bytes.subarray(at, at + MARK.length).equals(MARK)) return undefined;
    const end = start + bytes.readUInt32LE(at + LENGTH_AT);
    if (end > bytes.length) return undefined;
    const payload = bytes.subarray(start, end);
    return zlib().crc32(payload, this.#salt) === bytes.readUInt32LE(at + CHECKSUM_AT) ? payload : undefined;
  }
}

/** What the journal has about a frame: the partition its record was sent to; without one, that it is done with. */
export interface Entry {
  readonly offset: number;
  readonly partition: number | undefined;
}

export function journalBytes(entries: readonly Entry[], salt: number): Buffer {
  const bytes = Buffer.allocUnsafe(entries.length * ENTRY_BYTES);
  for (const [at, { offset, partition }] of entries.entries()) {
    const start = at * ENTRY_BYTES;
    bytes.writeUInt32LE(offset, start);
    bytes.writeUInt32LE(partition ?? DONE, start + FATE_AT);
    bytes.writeUInt32LE(checksumAt(bytes, start, salt), start + ENTRY_CHECKSUM_AT);
  }
  return bytes;
}

/** The entries of a journal. One that is not whole is left out: its record is sent once more, or anywhere. */
export function* entriesIn(journal: Buffer, salt: number): Generator<Entry> {
  for (let at = 0; at + ENTRY_BYTES <= journal.length; at += ENTRY_BYTES) {
    if (checksumAt(journal, at, salt) !== journal.readUInt32LE(at + ENTRY_CHECKSUM_AT)) continue;
    const fate = journal.readUInt32LE(at + FATE_AT);
    yield { offset: journal.readUInt32LE(at), partition: fate === DONE ? undefined : fate };
  }
}

function checksumAt(bytes: Buffer, entry: number, salt: number): number {
  return zlib().crc32(bytes.subarray(entry, entry + ENTRY_CHECKSUM_AT), salt);
}
