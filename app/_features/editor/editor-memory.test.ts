import { history, redo, undo } from '@codemirror/commands'
import type { EditorState, Transaction } from '@codemirror/state'
import { expect, it } from 'vitest'
import { recall, remember } from './editor-memory.ts'

const typed = (state: EditorState, insert: string) =>
  state.update({ changes: { from: state.doc.length, insert }, userEvent: 'input.type' }).state

function after(command: typeof undo, state: EditorState): EditorState {
  let next = state
  const dispatch = (transaction: Transaction) => {
    next = transaction.state
  }
  command({ state, dispatch })
  return next
}

it('undoes and does again what was typed before another file was shown', () => {
  const left = typed(recall(undefined, 'kind: Pod', history()), '\nname: web')
  const back = recall(remember(left), 'kind: Pod\nname: web', history())
  const undone = after(undo, back)
  expect(undone.doc.toString()).toBe('kind: Pod')
  expect(after(redo, undone).doc.toString()).toBe('kind: Pod\nname: web')
})

it('takes a text that changed meanwhile, and can go back from it', () => {
  const left = typed(recall(undefined, 'a', history()), 'b')
  const back = recall(remember(left), 'from the terminal', history())
  expect(back.doc.toString()).toBe('from the terminal')
  expect(after(undo, back).doc.toString()).toBe('ab')
})
