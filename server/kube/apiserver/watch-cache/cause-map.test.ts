import { expect, it } from 'vitest'
import { CauseMap } from './cause-map.ts'

const origin = (revision: number) => ({ requestId: String(revision), cause: '', client: '' })

it('knows the newest ten thousand at least, and not all there ever were', () => {
  const causes = new CauseMap()
  for (let revision = 1; revision <= 35_000; revision++) causes.set(revision, origin(revision))
  const known = (revision: number) => causes.get(revision)?.requestId
  expect([25_001, 30_000, 35_000].map(known)).toEqual(['25001', '30000', '35000'])
  expect(known(10_000)).toBeUndefined()
})
