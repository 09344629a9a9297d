import { STATUS_CODES } from 'node:http';

export interface ProblemOptions {
  /** The request member that is wrong, such as `content` or `object.published`. */
  readonly field?: string;
  /** Seconds; sent as Retry-After. */
  readonly retryAfter?: number;
  /** Last part of `type`; default: the status's standard phrase in kebab-case. */
  readonly slug?: string;
}

/** An error that the caller can act on: an RFC 9457 problem document. Throw it from a controller or a flow. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly options: ProblemOptions;

  /** @param detail one sentence that names what is wrong, for the person who reads it. */
  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.options = options;
  }

  /** The document (RFC 9457, section 3). `type` is a relative reference: one page explains all of them. */
  toJSON(): Record<string, unknown> {
    const title = STATUS_CODES[this.status] ?? 'Error';
    return {
      type: `/problems#${this.options.slug ?? title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`,
      title,
      status: this.status,
      detail: this.message,
      ...(this.options.field ? { field: this.options.field } : {}),
    };
  }
}

export const PROBLEM_JSON = 'application/problem+json';
