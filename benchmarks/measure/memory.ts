// Memory, in MiB. Runs with `--expose-gc`.

const MIB = 2 ** 20;

/** What is left on the heap, and outside of it for what is on the heap, after the garbage collector. */
export function heldMiB(): number {
  if (globalThis.gc === undefined) throw new Error('Run it with --expose-gc.');
  // Twice: what has finalizers goes the second time.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

export function residentMiB(): number {
  return process.memoryUsage.rss() / MIB;
}
