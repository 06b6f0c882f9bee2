'use client'

// CodeMirror as a React component: one view per file, which takes over a text that was replaced from outside.

import { EditorView } from '@codemirror/view'
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react'
import type { ClusterSchemas } from './cluster-schemas.ts'
import style from './editor.module.css'
import { recall, remember } from './editor-memory.ts'
import type { OpenFile } from './file-desk.ts'
import { type EditorEvents, extensionsFor } from './yaml-editor.ts'

export interface EditorHandle {
  goTo(offset: number): void
}

interface Props extends EditorEvents {
  file: OpenFile
  schemas: ClusterSchemas
  /** Another file is shown, or none: what to give back next time. */
  onLeave(memory: unknown): void
  ref: Ref<EditorHandle>
}

export function CodeEditor({ file, schemas, ref, ...events }: Props) {
  const hostRef = useRef<HTMLDivElement>(null)
  const viewRef = useRef<EditorView | null>(null)
  const onRef = useRef(events)
  onRef.current = events
  const { path, replaced } = file

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed comes from the view, and does not make a new one
  useEffect(() => {
    const parent = hostRef.current
    if (!parent) return
    const on: EditorEvents = {
      onType: (text) => onRef.current.onType(text),
      onSave: () => onRef.current.onSave(),
      onFocus: () => onRef.current.onFocus(),
      onProblems: (problems) => onRef.current.onProblems(problems),
      onSchemas: (areThere) => onRef.current.onSchemas(areThere),
    }
    const state = recall(file.memory, file.text, extensionsFor(path, schemas, on))
    const view = new EditorView({ state, parent })
    viewRef.current = view
    view.focus()
    return () => {
      onRef.current.onLeave(remember(view.state))
      view.destroy()
    }
  }, [path, schemas])

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a text from outside is put in
  useEffect(() => {
    const view = viewRef.current
    const now = view?.state.doc.toString()
    if (view && now !== file.text) view.dispatch({ changes: { from: 0, to: now?.length, insert: file.text } })
  }, [replaced])

  useImperativeHandle(ref, () => ({
    goTo(offset) {
      viewRef.current?.dispatch({ selection: { anchor: offset }, scrollIntoView: true })
      viewRef.current?.focus()
    },
  }))

  return <div ref={hostRef} className={style.code} />
}
