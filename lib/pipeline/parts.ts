// The classes of which a transport consists. They are loaded when the first transport is created: see load-parts.ts.
export { resolveOptions } from '../options/resolve.ts';
export { checkedUpdate } from '../options/update.ts';
export { ProcessExit } from '../process/process-exit.ts';
export { CrashHandler } from '../winston/crash-handler.ts';
export { LevelCheck, watchLevel } from '../winston/level-check.ts';
export { Parents } from '../winston/parents.ts';
export { Receiver } from '../winston/receiver.ts';
export { StreamEnd } from '../winston/stream-end.ts';
export { Pipeline } from './pipeline.ts';
