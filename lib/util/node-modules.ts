// Parts of Node that take milliseconds to load, and that most processes do not need here: they are loaded when they are used.
import type * as Crypto from 'node:crypto';
import type * as Tls from 'node:tls';
import type * as Zlib from 'node:zlib';

export const crypto = (): typeof Crypto => process.getBuiltinModule('node:crypto');
export const tls = (): typeof Tls => process.getBuiltinModule('node:tls');
export const zlib = (): typeof Zlib => process.getBuiltinModule('node:zlib');
