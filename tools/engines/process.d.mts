/** Sends `request` to a port of this machine; the first bytes of the answer, or null when there is none within a second. */
export declare function ask(port: number, request: string | Uint8Array): Promise<Buffer | null>;
