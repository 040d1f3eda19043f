// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Cuts a socket's byte stream into Kafka frames (int32 size, then that many bytes).

const SIZE_BYTES = 4;

/** socket.request.max.bytes of a Kafka broker: a larger frame is not Kafka traffic and ends the connection. */
const MAX_FRAME_BYTES = 104_857_600;

export class FrameReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #needed = SIZE_BYTES;

  /** Takes a chunk; gives the frames that are complete with it, without their size. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const frames: Buffer[] = [];
    while (this.#buffered >= this.#needed) {
      // Joined only when a whole frame is there: joining at every chunk would be quadratic for large frames.
      const bytes = this.#join();
      const size = bytes.readInt32BE(0);
      if (size < 0 || size > MAX_FRAME_BYTES) throw new RangeError(`frame of ${size} bytes`);
      const end = SIZE_BYTES + size;
      if (bytes.length < end) {
        this.#needed = end;
        break;
      }
      frames.push(bytes.subarray(SIZE_BYTES, end));
      this.#chunks = [bytes.subarray(end)];
      this.#buffered = bytes.length - end;
      this.#needed = SIZE_BYTES;
    }
    return frames;
  }

  #join(): Buffer {
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    const joined = Buffer.concat(this.#chunks, this.#buffered);
    this.#chunks = [joined];
    return joined;
  }
}

/** `isFlexible`: with the response header that has tagged fields, of which there are none. */
export function frameOf(correlationId: number, body: Buffer, isFlexible = false): Buffer {
  const payload = isFlexible ? Buffer.concat([Buffer.alloc(1), body]) : body;
  const frame = Buffer.allocUnsafe(SIZE_BYTES + 4 + payload.length);
  frame.writeInt32BE(4 + payload.length, 0);
  frame.writeInt32BE(correlationId, SIZE_BYTES);
  payload.copy(frame, SIZE_BYTES + 4);
  return frame;
}
