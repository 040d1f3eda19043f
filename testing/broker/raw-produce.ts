// For the specs of the Kafka stand-in: Produce requests and their answers in the layouts of Kafka's protocol guide, written
// by hand (Apache Kafka 4.1 answers them too). Nothing here shares code with the stand-in but the cutting of frames, so one
// does not hide a fault of the other.
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameReader } from './frames.ts';
import type { Bytes } from './raw-record-batch.ts';
import { int16, int32, int64Of, text, uvarint } from './raw-record-batch.ts';

const PRODUCE = 0;
const API_VERSIONS = 18;

const isFlexible = (version: number): boolean => version >= 9;

export interface RawPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logStartOffset?: number;
  readonly recordErrors?: readonly (readonly [number, string | null])[];
  readonly errorMessage?: string | null;
  readonly currentLeader?: { readonly id: number; readonly epoch: number };
}

export interface RawAnswer {
  readonly partitions: readonly RawPartition[];
  readonly throttle: number;
  readonly nodes?: readonly { readonly id: number; readonly host: string; readonly port: number }[];
}

class Reader {
  readonly #bytes: Buffer;
  readonly #isFlexible: boolean;
  #at = 0;

  constructor(bytes: Buffer, isFlexible: boolean) {
    this.#bytes = bytes;
    this.#isFlexible = isFlexible;
  }

  int16 = (): number => this.#take(2).readInt16BE();
  int32 = (): number => this.#take(4).readInt32BE();
  int64 = (): number => int64Of(this.#take(8));

  uvarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#take(1).readUInt8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  string(): string | null {
    const length = this.#isFlexible ? this.uvarint() - 1 : this.int16();
    return length < 0 ? null : this.#take(length).toString();
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: this.#isFlexible ? this.uvarint() - 1 : this.int32() }, read);
  }

  /** The tagged fields at the end of a structure, each a reader of its bytes. */
  tags(): Map<number, Reader> {
    const found = new Map<number, Reader>();
    for (let left = this.#isFlexible ? this.uvarint() : 0; left > 0; left -= 1) {
      const tag = this.uvarint();
      found.set(tag, new Reader(this.#take(this.uvarint()), true));
    }
    return found;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Error(`${this.#bytes.length - this.#at} bytes too many`);
  }

  #take(length: number): Buffer {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('the answer is too short');
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Reads the fields of one tagged structure to its end. */
function structure<T>(reader: Reader | undefined, read: (reader: Reader) => T): T | undefined {
  if (reader === undefined) return undefined;
  const value = read(reader);
  reader.end();
  return value;
}

function readPartition(reader: Reader, version: number): RawPartition {
  const fixed = { partition: reader.int32(), errorCode: reader.int16(), baseOffset: reader.int64() };
  reader.int64(); // log append time
  if (version < 5) return fixed;
  const started = { ...fixed, logStartOffset: reader.int64() };
  if (version < 8) return started;
  const recordErrors = reader.array((): [number, string | null] => {
    const error: [number, string | null] = [reader.int32(), reader.string()];
    reader.tags();
    return error;
  });
  const errorMessage = reader.string();
  const currentLeader = structure(reader.tags().get(0), (leader) => {
    const value = { id: leader.int32(), epoch: leader.int32() };
    leader.tags();
    return value;
  });
  return { ...started, recordErrors, errorMessage, ...(currentLeader && { currentLeader }) };
}

function readAnswer(reader: Reader, version: number): RawAnswer {
  const topics = reader.array(() => {
    reader.string(); // topic
    const partitions = reader.array(() => readPartition(reader, version));
    reader.tags();
    return partitions;
  });
  const throttle = reader.int32();
  const nodes = structure(reader.tags().get(0), (endpoints) =>
    endpoints.array(() => {
      const node = { id: endpoints.int32(), host: `${endpoints.string()}`, port: endpoints.int32() };
      endpoints.string(); // rack
      endpoints.tags();
      return node;
    }),
  );
  reader.end();
  return { partitions: topics.flat(), throttle, ...(nodes && { nodes }) };
}

/** The body of a request for one topic: a batch per partition. */
export function produceBody(
  version: number,
  topic: string,
  batches: Readonly<Record<number, Buffer>>,
): Buffer {
  const flexible = isFlexible(version);
  const entries = Object.entries(batches);
  const tags = flexible ? [0] : [];
  const count = (length: number): Bytes => (flexible ? uvarint(length + 1) : int32(length));
  const partitions = entries.flatMap(([partition, batch]) => [
    ...int32(Number(partition)),
    ...(flexible ? uvarint(batch.length + 1) : int32(batch.length)),
    ...batch,
    ...tags,
  ]);
  const name = flexible
    ? [...uvarint(topic.length + 1), ...text(topic)]
    : [...int16(topic.length), ...text(topic)];
  const transactionalId = flexible ? [0] : int16(-1);
  return Buffer.from([
    ...transactionalId,
    ...int16(-1), // acks
    ...int32(1_000), // timeout
    ...count(1),
    ...name,
    ...count(entries.length),
    ...partitions,
    ...tags,
    ...tags,
  ]);
}

export class RawClient {
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #answers = new EventEmitter();
  readonly #clientId: string;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<unknown>;
  #correlation = 0;

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket;
    this.#clientId = clientId;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    // A reset is an end like any other.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const frame of this.#frames.push(chunk)) this.#answers.emit(String(frame.readInt32BE()), frame);
    });
  }

  static async connect(address: string | undefined, clientId = 'spec'): Promise<RawClient> {
    const [host = '', port] = address?.split(':') ?? [];
    const socket = connect(Number(port), host);
    await EventEmitter.once(socket, 'connect');
    return new RawClient(socket, clientId);
  }

  async produce(
    version: number,
    topic: string,
    batches: Readonly<Record<number, Buffer>>,
  ): Promise<RawAnswer> {
    const answer = await this.#send(
      PRODUCE,
      version,
      isFlexible(version),
      produceBody(version, topic, batches),
    );
    const reader = new Reader(answer, isFlexible(version));
    reader.tags(); // of the response header v1
    return readAnswer(reader, version);
  }

  /** The version ranges, by API key. */
  async apiVersions(version = 2): Promise<Map<number, [number, number]>> {
    const reader = new Reader(await this.#send(API_VERSIONS, version, false, Buffer.alloc(0)), false);
    if (reader.int16() !== 0) throw new Error('ApiVersions was answered with an error');
    return new Map(reader.array(() => [reader.int16(), [reader.int16(), reader.int16()]]));
  }

  async #send(api: number, version: number, flexible: boolean, body: Buffer): Promise<Buffer> {
    this.#correlation += 1;
    const id = this.#clientId;
    const header = [
      ...int16(api),
      ...int16(version),
      ...int32(this.#correlation),
      ...int16(id.length),
      ...text(id),
    ];
    const request = Buffer.from([...header, ...(flexible ? [0] : []), ...body]);
    const answer = EventEmitter.once(this.#answers, String(this.#correlation));
    this.#socket.write(Buffer.from([...int32(request.length), ...request]));
    const [frame] = await answer;
    return frame.subarray(4);
  }

  /** Sends a Produce request that is not expected to be answered. */
  produceUnanswered(version: number, topic: string, batches: Readonly<Record<number, Buffer>>): void {
    void this.produce(version, topic, batches);
  }

  close(): void {
    this.#socket.destroy();
  }
}
