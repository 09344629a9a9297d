/** Injection tokens of what has no class to stand for it. */
export const BUS = Symbol('EventBus');
/** Origin of this server, without a trailing slash. */
export const PUBLIC_URL = Symbol('publicUrl');
/** Values of the Host header under which we are reached. */
export const HOSTS = Symbol('hosts');
