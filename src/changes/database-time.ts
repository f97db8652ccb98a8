import type { DataSource } from 'typeorm';

/** The database's clock, which all nodes share. It determines the beginning and the end of waiting periods. */
export class DatabaseTime {
  constructor(private readonly database: DataSource) {}

  async read(): Promise<Date> {
    const [row] = await this.database.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    if (!row) throw new Error('The database has no time');
    return row.now;
  }
}
