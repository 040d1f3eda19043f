// What a transport is put together from, and an application needs only when it makes one: see load-parts.ts.
export { resolveOptions } from '../options/resolve.ts';
export { checkedUpdate } from '../options/update.ts';
export { ProcessExit } from '../process/process-exit.ts';
export { CrashHandler } from '../winston/crash-handler.ts';
export { LevelCheck, watchLevel } from '../winston/level-check.ts';
export { Parents } from '../winston/parents.ts';
export { Receiver } from '../winston/receiver.ts';
export { StreamEnd } from '../winston/stream-end.ts';
export { Pipeline } from './pipeline.ts';
