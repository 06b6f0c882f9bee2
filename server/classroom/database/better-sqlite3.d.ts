// The few calls that migrations and backups make. The package brings no types of its own.

declare module 'better-sqlite3' {
  interface Statement {
    all(...values: unknown[]): unknown[]
    run(...values: unknown[]): unknown
  }

  class Database {
    constructor(path: string, options?: { readonly?: boolean; fileMustExist?: boolean })
    backup(to: string): Promise<unknown>
    exec(sql: string): this
    prepare(sql: string): Statement
    pragma(text: string): unknown
    transaction(work: () => void): () => void
    close(): this
  }

  export default Database
}
