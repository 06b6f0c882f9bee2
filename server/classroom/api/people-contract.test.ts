import { describe, expect, it } from 'vitest'
import { shownName } from './people-contract.ts'

const problemWith = (name: string) => shownName.safeParse(name).error?.issues[0]?.message ?? ''

describe('a name that is shown', () => {
  it.each(['Berta Benz', 'محمد عبد الرحمن', 'דוד בן־גוריון', 'विकास', '👩‍👩‍👧‍👦', '\u200eAda\u200f', '<b>Bold</b>'])(
    'may be %s',
    (name) => expect(problemWith(name)).toBe(''),
  )

  it.each([
    { name: 'turns round what stands beside it', text: 'a\u202eevil', says: 'turn writing round' },
    { name: 'tells a terminal something', text: 'Ada\u001b[2J', says: 'without control characters' },
    { name: 'has a second line', text: 'Ada\nBerta has the keyboard', says: 'without control characters' },
    { name: 'cannot be seen', text: '\u200b\u200b', says: 'can be seen' },
    { name: 'is empty', text: '  ', says: 'A name is needed.' },
  ])('is refused where it $name', ({ text, says }) => expect(problemWith(text)).toContain(says))
})
