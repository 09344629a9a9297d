/** Injection token of the event bus: an interface has no class to stand for it. */
export const BUS = Symbol('EventBus');
