'use client'

// The files of the learner's home: a list, or one of them in the editor.

import { useCallback, useEffect, useRef, useState } from 'react'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { ClusterSchemas } from './cluster-schemas.ts'
import { CodeEditor, type EditorHandle } from './code-editor.tsx'
import { ConflictBar } from './conflict-bar.tsx'
import style from './editor.module.css'
import { type FileDesk, isUnsaved } from './file-desk.ts'
import { FileList } from './file-list.tsx'
import { quoted } from './quoted.ts'
import { useDesk } from './use-file-desk.ts'
import { type EditorProblem, isManifest } from './yaml-editor.ts'

interface Props {
  desk: FileDesk
  sessionId: string
  /** Types a command into a shell of the learner's. */
  onApply(command: string): void
  onClose(): void
}

export function FilesPane({ desk, sessionId, onApply, onClose }: Props) {
  const state = useDesk(desk)
  const { open } = state
  const [schemas] = useState(
    () =>
      new ClusterSchemas({
        index: () => api.cluster.openApiIndex.query({ sessionId }),
        document: (groupVersion) => api.cluster.openApi.query({ sessionId, groupVersion }),
      }),
  )
  const [problems, setProblems] = useState<EditorProblem[]>([])
  const [hasSchemas, setHasSchemas] = useState(true)
  const editor = useRef<EditorHandle>(null)
  const path = open?.path
  // biome-ignore lint/correctness/useExhaustiveDependencies: another file has other problems
  useEffect(() => {
    setProblems([])
    schemas.refresh()
  }, [path, schemas])
  useEffect(() => {
    void desk.list()
    const look = () => void desk.check()
    addEventListener('focus', look)
    return () => removeEventListener('focus', look)
  }, [desk])
  const look = useCallback(() => void desk.check(), [desk])
  const save = useCallback(() => void desk.save(), [desk])
  const apply = async () => {
    if (path && (await desk.save())) onApply(`kubectl apply -f ${quoted(path)}`)
  }
  return (
    <section className={style.pane} aria-label="Files" data-files="">
      <div className={style.head}>
        {open ? (
          <>
            <Button small look="quiet" onClick={() => desk.showList()}>
              Files
            </Button>
            <span className="quiet" aria-hidden="true">
              /
            </span>
            <code className={style.name} title={open.path}>
              {open.path}
            </code>
            {isUnsaved(open) && <span className={style.unsaved}>not saved</span>}
            <span className={style.grow} />
            <Button
              small
              title="Ctrl S"
              disabled={!isUnsaved(open) || open.theirs !== undefined || state.isBusy}
              onClick={save}
            >
              Save
            </Button>
            {isManifest(open.path) && (
              <Button
                small
                look="go"
                title="Saves, then types kubectl apply into your shell"
                disabled={open.theirs !== undefined}
                onClick={() => void apply()}
              >
                Apply
              </Button>
            )}
          </>
        ) : (
          <>
            <h3 className={style.title}>Files in your home</h3>
            <span className={style.grow} />
          </>
        )}
        <Button small look="quiet" aria-label="Close files" onClick={onClose}>
          <Icon name="close" size={12} />
        </Button>
      </div>
      {state.error && (
        <p className={style.bar} data-kind="failed" role="alert">
          {state.error}
        </p>
      )}
      {state.note && (
        <p className={style.bar} role="status">
          {state.note}
        </p>
      )}
      {open?.theirs !== undefined && <ConflictBar desk={desk} file={open} />}
      <div className={style.body}>
        {open ? (
          <CodeEditor
            key={open.path}
            ref={editor}
            file={open}
            schemas={schemas}
            onType={(text) => desk.type(text)}
            onLeave={(memory) => desk.keep(open.path, memory)}
            onSave={save}
            onFocus={look}
            onProblems={setProblems}
            onSchemas={setHasSchemas}
          />
        ) : (
          <FileList desk={desk} state={state} />
        )}
      </div>
      {open && isManifest(open.path) && (
        <Problems problems={problems} hasSchemas={hasSchemas} onGo={(offset) => editor.current?.goTo(offset)} />
      )}
    </section>
  )
}

interface ProblemsProps {
  problems: EditorProblem[]
  hasSchemas: boolean
  onGo(offset: number): void
}

/** The squiggles in words, for the keyboard and for whoever cannot hover. */
function Problems({ problems, hasSchemas, onGo }: ProblemsProps) {
  if (!hasSchemas) {
    return <p className={style.foot}>Your cluster does not answer, so nothing is checked here.</p>
  }
  return (
    <div className={style.foot} role="status" data-problems={problems.length}>
      {problems.length === 0 ? (
        <p>Nothing wrong that can be seen from here.</p>
      ) : (
        <ul>
          {problems.map(({ from, line, column, message }) => (
            <li key={`${from} ${message}`}>
              <button type="button" onClick={() => onGo(from)}>
                <Shape state="fail" size={12} />
                <code>
                  {line}:{column}
                </code>
                <span>{message}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
