import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddTraceparentToDeliveryJob1763900500020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    // Null for jobs of the release before, whose services do not know the column.
    await runner.query(`ALTER TABLE delivery_job ADD COLUMN traceparent text`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
