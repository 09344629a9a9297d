/** Injection tokens of what has no class to stand for it. */
export const BUS = Symbol('EventBus');
export const OPTIONS = Symbol('DeliveryOptions');
