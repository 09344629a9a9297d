/** The command was understood, and refused: told in one line, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** 2: what was asked is wrong; 1: it could not be done. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
