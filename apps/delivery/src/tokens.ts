/** Injection tokens of what has no class to stand for it. */
export const OPTIONS = Symbol('DeliveryOptions');
