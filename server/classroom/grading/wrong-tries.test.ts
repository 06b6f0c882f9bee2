import { describe, expect, it } from 'vitest'
import type { CheckResult } from '../api/contract.ts'
import { WrongTries } from './wrong-tries.ts'

const result = (state: CheckResult['state'], message = ''): CheckResult => ({ state, message, saw: '', wanted: '' })
const failed = (message: string) => ({ '1.web': result('failed', message) })
const waiting = { '1.web': result('waiting', 'not yet') }

describe('WrongTries', () => {
  it('does not blame the learner for how the step began', () => {
    expect(new WrongTries().see(failed('Somebody broke it.'))).toBe(0)
  })

  it('counts a mistake once, however often the cluster changes meanwhile', () => {
    const tries = new WrongTries()
    expect(
      [waiting, failed('wrong image'), failed('wrong image'), failed('wrong image, 1 of 3')].map((each) =>
        tries.see(each),
      ),
    ).toEqual([0, 1, 0, 0])
  })

  it('does not count a crash loop again at every crash', () => {
    const tries = new WrongTries()
    expect(
      [waiting, failed('it keeps ending'), waiting, failed('it keeps ending')].map((each) => tries.see(each)),
    ).toEqual([0, 1, 0, 0])
  })

  it('counts another mistake after the first was mended', () => {
    const tries = new WrongTries()
    expect([waiting, failed('wrong image'), waiting, failed('wrong port')].map((each) => tries.see(each))).toEqual([
      0, 1, 0, 1,
    ])
  })

  it('counts each different wrong answer that is typed', () => {
    const tries = new WrongTries()
    tries.see(waiting)
    const type = (message: string) => {
      tries.typed('1.web')
      return tries.see(failed(message))
    }
    expect([type('12 is not it'), type('13 is not it'), type('13 is not it')]).toEqual([1, 1, 0])
  })
})
