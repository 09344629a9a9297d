export type SignatureForm = 'cavage' | 'rfc9421';

const MOST_HOSTS = 10_000;
/** A host that took neither form has another reason: it is not asked twice for every activity. */
const BOTH_REFUSED_MS = 3_600_000;

interface Known {
  readonly form: SignatureForm;
  /** Until when the other form is not tried, milliseconds of the monotonic clock. */
  readonly until: number;
}

/** In which form hosts take signatures: draft-cavage-12 first, since all that came before know only that; and what worked is remembered. */
export class SignatureForms {
  readonly #known = new Map<string, Known>();

  /** The forms to try, in order. */
  of(host: string): readonly SignatureForm[] {
    const { form, until } = this.#known.get(host) ?? { form: 'cavage', until: 0 };
    return performance.now() < until ? [form] : [form, form === 'cavage' ? 'rfc9421' : 'cavage'];
  }

  worked(host: string, form: SignatureForm): void {
    if (form === 'cavage') this.#known.delete(host);
    else this.#remember(host, { form, until: 0 });
  }

  bothRefused(host: string): void {
    const form = this.#known.get(host)?.form ?? 'cavage';
    this.#remember(host, { form, until: performance.now() + BOTH_REFUSED_MS });
  }

  #remember(host: string, known: Known): void {
    this.#known.delete(host);
    this.#known.set(host, known);
    if (this.#known.size > MOST_HOSTS) this.#known.delete(this.#known.keys().next().value!);
  }
}
