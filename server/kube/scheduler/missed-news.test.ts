import { expect, it } from 'vitest'
import { MissedNews } from './missed-news.ts'

const news = (event: string) => ({ mayHelp: () => true, because: 1, event })

it('tells each pod what it missed, and nothing from before', () => {
  const missed = new MissedNews<string>()
  missed.add(news('before'))
  missed.begin('a')
  missed.add(news('one'))
  missed.begin('b')
  missed.add(news('two'))
  expect(missed.end('a').map(({ event }) => event)).toEqual(['one', 'two'])
  expect(missed.end('b').map(({ event }) => event)).toEqual(['two'])
  expect(missed.end('b')).toEqual([])
})

it('remembers no more than the oldest on its way may have missed, though there is always one', () => {
  const missed = new MissedNews<number>()
  missed.begin(0)
  for (let turn = 0; turn < 1000; turn++) {
    missed.add(news(`in turn ${turn}`))
    missed.begin(turn + 1)
    missed.add(news(`again in turn ${turn}`))
    expect(
      missed
        .end(turn)
        .map(({ event }) => event)
        .at(-1),
    ).toBe(`again in turn ${turn}`)
    expect(missed.length).toBe(1)
  }
})
