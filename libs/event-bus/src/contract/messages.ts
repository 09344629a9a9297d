import type { BusMessage } from '../port.ts';

export const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => String(from + i));
/** Values count up; each of 13 keys has every thirteenth. */
export const messages = (count: number, from = 0): BusMessage[] => numbers(count, from).map((value) => ({ key: `key ${Number(value) % 13}`, value }));
export const sameKey = (count: number, from = 0): BusMessage[] => numbers(count, from).map((value) => ({ key: 'k', value }));
