// Pods with something wrong, and what is said of it: for tables.

import { expect, it } from 'vitest'
import { Pod } from '../../index.ts'
import { problems } from '../../testing/kind-facts.ts'

export const web = { name: 'web', image: 'nginx' }
export const pod = (spec: object) => ({ metadata: { name: 'web' }, spec: { containers: [web], ...spec } })
export const container = (more: object) => pod({ containers: [{ ...web, ...more }] })
export const says = (start: string) => expect.stringContaining(start)

export const refuses = (rows: [what: string, object: object, expected: unknown[]][]) =>
  it.each(rows)('%s', (_what, object, expected) => {
    expect(problems(Pod, object)).toEqual(expected)
  })
