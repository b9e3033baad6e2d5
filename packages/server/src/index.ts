export { StartError } from './errors.js';
export type { HostUser } from './identity/sessions.js';
export { createMadang, type Madang, type MadangOptions } from './madang.js';
export { type ErrorCode, MadangError } from '@madang/protocol';
