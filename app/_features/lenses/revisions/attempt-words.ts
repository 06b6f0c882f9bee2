// An attempt in few words, told the same way on the canvas, beside it and in the table.

import type { State } from '../../../_ui/shape.tsx'
import type { Attempt } from './attempts.ts'

/** `511 = 511`: the resourceVersion that was sent, against the one that the store had. */
export function compared({ meantFor, found, wrote }: Attempt): string {
  if (wrote?.operation === 'create') return 'none yet'
  if (meantFor === undefined) return found === undefined ? 'any version' : `any = ${found}`
  if (wrote) return `${meantFor} = ${meantFor}`
  return found === undefined || found === meantFor ? `${meantFor}` : `${meantFor} ≠ ${found}`
}

export function outcome({ code, wrote }: Attempt): string {
  if (!wrote) return `${code}, nothing is written`
  return wrote.operation === 'delete' ? `removed at ${wrote.revision}` : `append as ${wrote.revision}`
}

export const shapeOf = ({ wrote }: Attempt): State => (wrote ? 'ok' : 'fail')
