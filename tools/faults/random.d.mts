export interface Random {
  chance(p: number): boolean;
  between(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
  shuffle<Item>(items: readonly Item[]): Item[];
}
export declare function randomOf(seed: number, name: string): Random;
