// The files in which people were listed before there were better ways: one line each, `secret,name,uid,"group,group"`.
// Upstream: apiserver/pkg/authentication/token/tokenfile/tokenfile.go.

import { parse } from 'csv-parse/sync'
import type { UserInfo } from '../request-path/request-context.ts'

export interface ListedUser {
  secret: string
  user: UserInfo
}

/** Throws with the line that is wrong. `what` is the secret's name in errors: `token`, `password`. */
export function readUserFile(text: string, { file, what }: { file: string; what: string }): ListedUser[] {
  let rows: { record: string[]; info: { lines: number } }[]
  try {
    rows = parse(text, {
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      info: true,
    }) as unknown as typeof rows
  } catch (err) {
    throw new Error(`${file}: ${(err as Error).message}`, { cause: err })
  }
  return rows.map(({ record, info }) => {
    const [secret = '', name = '', uid = '', groups = ''] = record
    if (record.length < 3) {
      const found = `has ${record.length} of at least 3 columns: ${what}, user name, user uid`
      throw new Error(`${file}: line ${info.lines} ${found}`)
    }
    if (!secret) throw new Error(`${file}: line ${info.lines} has an empty ${what}`)
    const listed = groups.split(',').map((group) => group.trim())
    return { secret, user: { name, uid, groups: listed.filter((group) => group !== '') } }
  })
}
