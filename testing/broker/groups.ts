// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Consumer groups of one member: enough to read back with a kafkajs consumer. A second live member is refused.
import { ERROR } from './apis.ts';

export interface Committed {
  readonly offset: number;
  readonly metadata: string | null;
}

interface Member {
  readonly id: string;
  readonly sessionTimeout: number;
  seenAt: number;
  assignment: Buffer;
}

export class Group {
  readonly offsets = new Map<string, Committed>();
  generation = 0;
  #member: Member | null = null;
  #joined = 0;

  /** The member's id, or the code that refuses it. */
  join(groupId: string, memberId: string, sessionTimeout: number): string | number {
    const current = this.#member;
    const isLive = current !== null && Date.now() - current.seenAt <= current.sessionTimeout;
    if (memberId !== '' && current?.id !== memberId) return ERROR.UNKNOWN_MEMBER_ID;
    if (memberId === '' && isLive) return ERROR.GROUP_MAX_SIZE_REACHED;
    this.#joined += 1;
    this.generation += 1;
    const id = memberId === '' ? `${groupId}-${this.#joined}` : memberId;
    this.#member = { id, sessionTimeout, seenAt: Date.now(), assignment: Buffer.alloc(0) };
    return id;
  }

  /** The code for a request of this member in this generation; marks the member as alive. */
  seen(memberId: string, generation: number): number {
    if (this.#member?.id !== memberId) return ERROR.UNKNOWN_MEMBER_ID;
    if (generation !== this.generation) return ERROR.ILLEGAL_GENERATION;
    this.#member.seenAt = Date.now();
    return ERROR.NONE;
  }

  assign(assignment: Buffer | undefined): Buffer {
    if (this.#member === null) return Buffer.alloc(0);
    if (assignment !== undefined) this.#member.assignment = assignment;
    return this.#member.assignment;
  }

  leave(memberId: string): number {
    if (this.#member?.id !== memberId) return ERROR.UNKNOWN_MEMBER_ID;
    this.#member = null;
    return ERROR.NONE;
  }
}

export class GroupStore {
  readonly #groups = new Map<string, Group>();

  get(id: string): Group {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new Group();
      this.#groups.set(id, group);
    }
    return group;
  }
}
