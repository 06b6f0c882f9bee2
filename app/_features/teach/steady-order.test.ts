import { describe, expect, it } from 'vitest'
import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'
import { noPlaces, placesAfter } from './steady-order.ts'

const tile = (learnerId: string, state: Tile['state'] = 'working') => ({ learnerId, state }) as Tile
const shown = ({ groups }: typeof noPlaces) => [...groups].map(([id, group]) => `${id} ${group}`)

describe('the order of the wall', () => {
  const first = placesAfter(noPlaces, [tile('ada'), tile('ben')], 0, false)

  it('moves nobody under the pointer, however long, whoever gets stuck', () => {
    const later = placesAfter(first, [tile('ben', 'stuck'), tile('ada')], 60_000, true)
    expect(shown(later)).toEqual(['ada working', 'ben working'])
  })

  it('puts whoever joins last under the pointer, and closes the gap of who leaves', () => {
    const later = placesAfter(first, [tile('aaron'), tile('ada'), tile('ben')], 1000, true)
    expect(shown(later)).toEqual(['ada working', 'ben working', 'aaron working'])
    expect(shown(placesAfter(later, [tile('aaron'), tile('ben')], 2000, true))).toEqual([
      'ben working',
      'aaron working',
    ])
  })

  it('is made anew every ten seconds, with the groups', () => {
    const next = [tile('ben', 'stuck'), tile('ada')]
    expect(shown(placesAfter(first, next, 9999, false))).toEqual(['ada working', 'ben working'])
    expect(shown(placesAfter(first, next, 10_000, false))).toEqual(['ben stuck', 'ada working'])
  })
})
