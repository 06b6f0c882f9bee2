import { expect, it } from 'vitest'
import { AskedCommand } from './asked-command.ts'

const sleeping = { tab: '1', running: 'sleep 1000', command: 'kubectl get pods' }

/** A question, what has been typed since, and how it was answered. */
function asked() {
  const question = new AskedCommand()
  const typed: string[] = []
  let answer: boolean | undefined
  void question.ask(sleeping).then((isTyped) => {
    answer = isTyped
  })
  const type = (tab: string, command: string) => void typed.push(`${tab}: ${command}`)
  const answered = async () => {
    await new Promise((told) => setImmediate(told))
    return answer
  }
  return { question, typed, type, answered }
}

it('is typed where the other was, once that has ended', async () => {
  const { question, typed, type, answered } = asked()
  await question.endAndRun({ end: async () => 'sleep 1000', type })
  expect([question.snapshot(), typed, await answered()]).toEqual([sleeping, [], undefined])
  await question.endAndRun({ end: async () => '', type })
  expect([question.snapshot(), typed, await answered()]).toEqual([undefined, ['1: kubectl get pods'], true])
})

it('is asked still where no new tab opens, and may go another way', async () => {
  const { question, typed, type, answered } = asked()
  await question.runInNew({ open: async () => undefined, type })
  expect([question.snapshot(), await answered()]).toEqual([sleeping, undefined])
  await question.endAndRun({ end: async () => '', type })
  expect([typed, await answered()]).toEqual([['1: kubectl get pods'], true])
})

it('is typed in a new tab', async () => {
  const { question, typed, type, answered } = asked()
  await question.runInNew({ open: async () => '2', type })
  expect([question.snapshot(), typed, await answered()]).toEqual([undefined, ['2: kubectl get pods'], true])
})

it('hears that it shall not be run while something else is under way', async () => {
  for (const way of ['endAndRun', 'runInNew'] as const) {
    const { question, typed, type, answered } = asked()
    const { promise, resolve } = Promise.withResolvers<void>()
    const going = question[way]({ end: () => promise.then(() => ''), open: () => promise.then(() => '2'), type })
    question.runNot()
    resolve()
    await going
    expect([question.snapshot(), typed, await answered()]).toEqual([undefined, [], false])
  }
})

it('is not typed when another is asked about', async () => {
  const { question, answered } = asked()
  let changes = 0
  question.subscribe(() => changes++)
  void question.ask({ ...sleeping, command: 'kubectl get nodes' })
  expect([await answered(), question.snapshot()?.command, changes > 0]).toEqual([false, 'kubectl get nodes', true])
})
