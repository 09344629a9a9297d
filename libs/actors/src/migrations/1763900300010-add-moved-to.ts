import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddMovedTo1763900300010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`ALTER TABLE remote_actor ADD COLUMN moved_to text`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
