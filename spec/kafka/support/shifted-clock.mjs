// Loaded before a program: the clock of its machine is off by SPEC_CLOCK_MS. Also the one of a fresh context, by which the library
// looks past a test's `Date` (lib/time/system-timers.ts).
import { syncBuiltinESMExports } from 'node:module';
import vm from 'node:vm';

const off = Number(process.env.SPEC_CLOCK_MS);
const { now } = Date;
const { runInNewContext } = vm;

Date.now = () => now() + off;
vm.runInNewContext = (code, ...rest) => (code === 'Date.now' ? Date.now : runInNewContext(code, ...rest));
syncBuiltinESMExports();
