import type { DataSource } from 'typeorm';
import { InstanceKeyEntity } from './entities.ts';
import { generateRsaKeyPair, type KeyPair } from './key-pair.ts';

/** The instance actor's key pair, made on first use; it never changes, so it is read once. */
export class InstanceKey {
  readonly #dataSource: DataSource;
  #pair: Promise<KeyPair> | undefined;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  pair(): Promise<KeyPair> {
    this.#pair ??= this.#readOrMake().catch((error: unknown) => {
      this.#pair = undefined;
      throw error;
    });
    return this.#pair;
  }

  async #readOrMake(): Promise<KeyPair> {
    const read = () => this.#dataSource.manager.findOneBy(InstanceKeyEntity, { singleton: true });
    const there = await read();
    if (there) return there;
    const { publicKeyPem, privateKeyPem } = await generateRsaKeyPair();
    // Processes that start together each make one; the first row stays and all use it.
    await this.#dataSource.query('INSERT INTO instance_key (singleton, public_key_pem, private_key_pem) VALUES (true, $1, $2) ON CONFLICT DO NOTHING', [publicKeyPem, privateKeyPem]);
    const stored = await read();
    if (!stored) throw new Error('the instance key vanished');
    return stored;
  }
}
