// What can be undone in a file, and where one was in it, kept while another file is shown.

import { historyField } from '@codemirror/commands'
import { EditorState, type Extension } from '@codemirror/state'

const fields = { history: historyField }

export const remember = (state: EditorState): unknown => state.toJSON(fields)

/** The editor as it was left; what changed in the file meanwhile is one more step that can be undone. */
export function recall(memory: unknown, text: string, extensions: Extension): EditorState {
  if (memory === undefined) return EditorState.create({ doc: text, extensions })
  const state = EditorState.fromJSON(memory, { extensions }, fields)
  if (state.doc.toString() === text) return state
  return state.update({ changes: { from: 0, to: state.doc.length, insert: text } }).state
}
