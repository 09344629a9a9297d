interface Question<A> {
  readonly key: string;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

export interface GatherOptions {
  /** Keys of one question at most. */
  readonly maxKeys: number;
  /** Questions under way at a time; what is asked meanwhile waits and is asked together. */
  readonly maxUnderWay: number;
}

/**
 * Puts the questions of one turn of the event loop into one. Nobody gets the answer of a question that was under way before he asked: so an
 * answer is never older than its question.
 */
export class Gather<A> {
  readonly #ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, A>>;
  readonly #missing: A;
  readonly #options: GatherOptions;
  #waiting: Question<A>[] = [];
  #underWay = 0;
  #scheduled = false;

  /** @param ask answers for distinct keys. @param missing the answer for a key that it leaves out. */
  constructor(ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, A>>, missing: A, options: GatherOptions) {
    this.#ask = ask;
    this.#missing = missing;
    this.#options = options;
  }

  /** Rejects as `ask` does. */
  ask(key: string): Promise<A> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#underWay >= this.#options.maxUnderWay) return;
    this.#scheduled = true;
    // After all sockets that have something to read were read.
    setImmediate(() => {
      this.#scheduled = false;
      void this.#send(this.#waiting.splice(0, this.#options.maxKeys));
      this.#schedule();
    });
  }

  async #send(questions: readonly Question<A>[]): Promise<void> {
    this.#underWay += 1;
    try {
      const answers = await this.#ask([...new Set(questions.map(({ key }) => key))]);
      for (const { key, resolve } of questions) resolve(answers.get(key) ?? this.#missing);
    } catch (error) {
      for (const { reject } of questions) reject(error);
    } finally {
      this.#underWay -= 1;
      this.#schedule();
    }
  }
}
