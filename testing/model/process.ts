// One process: a sender with its spool and its life, as a pipeline puts them together.
import { Ledger } from '../../lib/accumulator/ledger.ts';
import type { OverflowPolicy } from '../../lib/accumulator/memory-limit.ts';
import { Lifecycle, type LifecycleParts } from '../../lib/pipeline/lifecycle.ts';
import { spoolAccounting } from '../../lib/pipeline/spool-accounting.ts';
import { partitionOfKey } from '../../lib/protocol/murmur2.ts';
import { type DropReason, PendingRecord, type TransportEntry } from '../../lib/record/record.ts';
import { type Serialize, Serializer } from '../../lib/record/value/serializer.ts';
import { Sender } from '../../lib/sender/sender.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { textsOf } from '../../spec/sender/rig.ts';
import type { ModelBroker } from './broker.ts';
import { type ClientKind, modelSource, type Trace } from './client.ts';
import { type ModelClock, ProcessClock } from './clock.ts';
import { idOf } from './seen-records.ts';

const REQUEST_TIMEOUT_MS = 2_000;
const MAX_RETRY_MS = 1_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** How long a close may take: it also waits for a client that does not answer. */
export const CLOSED_MS: number = CLOSE_TIMEOUT_MS + 3_000;

export interface ProcessShape {
  readonly client: ClientKind;
  readonly namesRefused: boolean;
  readonly spool: 'none' | 'overflow' | 'always';
  readonly spoolBytes: number;
  readonly overflow: OverflowPolicy;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly batchRecords: number;
  readonly maxAgeMs: number | undefined;
  readonly serializes: boolean;
}

export interface ModelProcessParts {
  readonly shape: ProcessShape;
  readonly name: string;
  readonly broker: ModelBroker;
  readonly clock: ModelClock;
  readonly directory: string;
  random(): number;
  readonly serialize: Serialize;
  onSettled(process: ModelProcess, id: number, what: 'delivered' | DropReason): void;
  readonly trace: Trace;
  onMishap(what: string): void;
}

const nothing = (): undefined => undefined;

export class ModelProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly ledger = new Ledger();
  readonly sender: Sender;
  readonly lifecycle: Lifecycle;
  /** How often it was opened. */
  life = 0;
  /** How often the spool has told of something that failed. */
  spoolErrors = 0;
  readonly #shape: ProcessShape;

  constructor(parts: ModelProcessParts) {
    const { shape, broker, random } = parts;
    this.#shape = shape;
    this.name = parts.name;
    this.clock = new ProcessClock(parts.clock, parts.name);
    const { ledger, clock } = this;
    const warnings = {
      spoolFailed: () => void this.spoolErrors++,
      spoolDamaged: () => parts.onMishap('a file of the spool is damaged'),
      lostAtExit: nothing,
      onGiveUp: nothing,
      defer: nothing,
      deferWhile: <Result>(fn: () => Result): Result => fn(),
      callbackFailed: nothing,
      invalidReturn: nothing,
    };
    const statsCollector = { waiting: nothing, state: nothing };
    const doubles = {
      warnings,
      statsCollector,
      dropNotice: { send: nothing, stop: nothing },
      samplingNotice: { sendNow: nothing, isPending: false },
      fallbackWrites: { done: async () => undefined, giveAll: nothing, isDone: true },
      deliveryReports: { handedOn: 0 },
      channels: { stateChanged: nothing },
      work: { onWork: nothing, onIdle: nothing },
      loggers: { held: 0, handOver: nothing },
    } as unknown as Omit<LifecycleParts, 'clock' | 'ledger' | 'sender' | 'spool' | 'closeTimeoutMs'>;
    const { spool: mode, spoolBytes: maxBytes } = shape;
    const spool =
      mode === 'none'
        ? undefined
        : new Spool(
            { directory: parts.directory, mode, maxBytes },
            clock,
            spoolAccounting({ ...doubles, ledger, onWork: () => this.sender.onSpooledWork() }),
          );
    this.sender = new Sender(
      {
        clock,
        random,
        batch: { maxRecords: shape.batchRecords, maxBytes: 2_000, lingerMs: 20 },
        buffer: { maxRecords: shape.maxRecords, maxBytes: shape.maxBytes, overflow: shape.overflow },
        retry: { initialMs: 100, maxMs: MAX_RETRY_MS, maxAgeMs: shape.maxAgeMs },
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        idleTimeoutMs: 10_000,
        partitionOfKey,
        ledger,
        spool,
        serializer: shape.serializes ? new Serializer(parts.serialize, warnings) : undefined,
        source: (onPartitions) =>
          modelSource({
            kind: shape.client,
            broker,
            clock,
            random,
            namesRefused: shape.namesRefused,
            producer: parts.name,
            onPartitions,
            trace: parts.trace,
            onMishap: (what) => parts.onMishap(what),
          }),
      },
      {
        onDelivered: (records) => {
          for (const text of textsOf(records)) parts.onSettled(this, idOf(text), 'delivered');
        },
        onDropped: ({ text }, reason) => parts.onSettled(this, idOf(text), reason),
        onOutage: nothing,
        onState: nothing,
        onAnswer: nothing,
      },
    );
    this.lifecycle = new Lifecycle({
      ...doubles,
      clock,
      ledger,
      sender: this.sender,
      spool,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
    });
  }

  add(content: ConstructorParameters<typeof PendingRecord>[0]): void {
    this.lifecycle.openSpool();
    const entry = { message: content.text } as TransportEntry;
    this.sender.add(new PendingRecord({ ...content, ...(this.#shape.serializes && { entry }) }));
  }

  reopen(): void {
    this.life++;
    this.lifecycle.reopen();
  }

  /** It ends for a signal, which the application's own handler has it outlive. */
  survive(): void {
    this.life++;
    void this.lifecycle.giveUpBeforeExit();
  }

  /** All of it stops at once. */
  end(): void {
    this.clock.hasEnded = true;
  }
}
