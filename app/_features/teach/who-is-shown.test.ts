import { expect, it } from 'vitest'
import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'
import { whoIsShown } from './who-is-shown.ts'

const tile = (learnerId: string, sessionId: string | null) => ({ learnerId, sessionId, name: learnerId }) as Tile
const gorse = tile('gorse', 'one')
const tansy = tile('tansy', 'two')

const rows: {
  name: string
  tiles: Tile[] | undefined
  before?: Tile
  is: { name: string; gone: string; nowIn: string | null }
}[] = [
  {
    name: 'is nobody, and nobody who is gone, before the wall is heard',
    tiles: undefined,
    is: { name: 'A learner', gone: '', nowIn: null },
  },
  { name: 'is whose lab it is', tiles: [tansy, gorse], is: { name: 'gorse', gone: '', nowIn: null } },
  {
    name: 'stays who it was while the wall is not heard',
    tiles: undefined,
    before: gorse,
    is: { name: 'gorse', gone: '', nowIn: null },
  },
  {
    name: 'says that somebody was removed',
    tiles: [tansy],
    before: gorse,
    is: { name: 'gorse', gone: 'gorse is not in this class any more.', nowIn: null },
  },
  {
    name: 'leads to where somebody has gone on to',
    tiles: [tansy, tile('gorse', 'three')],
    before: gorse,
    is: { name: 'gorse', gone: 'gorse has left this lab.', nowIn: 'three' },
  },
  {
    name: 'knows no name where somebody was gone before the page was opened',
    tiles: [tansy],
    is: { name: 'A learner', gone: 'Nobody in this class has this lab open.', nowIn: null },
  },
]

for (const { name, tiles, before, is } of rows) {
  it(name, () => expect(whoIsShown(tiles, 'one', before)).toMatchObject(is))
}
