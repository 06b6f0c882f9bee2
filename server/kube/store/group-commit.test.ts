import { expect, it } from 'vitest'
import { GroupCommit } from './group-commit.ts'

/** What goes to the disk, batch by batch. */
function commit() {
  const batches: string[] = []
  const group = new GroupCommit(
    async (payloads) => void batches.push(payloads.join('')),
    () => {},
  )
  const write = (text: string) =>
    new Promise<void>((resolve, reject) => group.enqueue(Buffer.from(text), (err) => (err ? reject(err) : resolve())))
  return { batches, write }
}
const breath = async () => {
  for (let turn = 0; turn < 5; turn++) await undefined
}

it('writes together what comes in one turn', async () => {
  const { batches, write } = commit()
  await Promise.all(['a', 'b', 'c'].map(write))
  expect(batches).toEqual(['abc'])
})

it('does not let one wait for others who was alone last time, and gathers again when they come', async () => {
  const { batches, write } = commit()
  await write('a')
  const second = write('b')
  await breath()
  expect(batches).toEqual(['a', 'b'])
  await second
  await Promise.all(['c', 'd', 'e'].map(write))
  expect(batches.slice(2).join('')).toBe('cde')
  const many = [write('f')]
  await breath()
  expect(batches.join('')).toBe('abcde')
  await Promise.all([...many, write('g')])
  expect(batches.at(-1)).toBe('fg')
})
