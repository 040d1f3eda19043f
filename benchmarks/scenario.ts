// What a scenario is: something that is measured of several targets, each time in a process of its own.

/** What one measurement came to, by figure. */
export type Figures = Readonly<Record<string, number>>;

/** Where a measurement finds Kafka. */
export interface Place {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Freezes the broker, or lets it go on. */
  hold(isHeld: boolean): Promise<void>;
}

export interface FigureKind {
  readonly title: string;
  readonly digits: number;
}

/** What the project promises of a figure. Variants that were not measured leave a limit out. */
export interface Limit {
  readonly title: string;
  readonly figure: string;
  readonly of: string;
  /** A ratio: to the sum of these. Otherwise the figure itself. */
  readonly over?: readonly string[];
  /** A difference: without this one's figure. */
  readonly without?: string;
  /** A ratio to another figure of the same variant. */
  readonly overFigure?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit: string;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is done and how to read it: a paragraph. */
  readonly about: string;
  readonly rounds: number;
  /** How many topics it has beside its own: `TOPIC-0` and so on. */
  readonly topics?: number;
  readonly variants: readonly string[];
  readonly figures: Readonly<Record<string, FigureKind>>;
  readonly limits: readonly Limit[];
  /** Whether its process has to end without being told to: then `exitMs` is how long that took. */
  readonly endsByItself?: boolean;
  measure(variant: string, place: Place): Promise<Figures>;
}
