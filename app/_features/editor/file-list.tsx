'use client'

// The list of files, with what can be done with each. A folder is made by naming a file in it.

import { type FormEvent, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import style from './editor.module.css'
import type { DeskState, FileDesk } from './file-desk.ts'

export function FileList({ desk, state }: { desk: FileDesk; state: DeskState }) {
  const [name, setName] = useState('')
  const [asked, setAsked] = useState<{ path: string; what: 'rename' | 'delete' }>()
  const create = async (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() && (await desk.make(name.trim()))) setName('')
  }
  return (
    <div className={style.list}>
      <form className={style.row} onSubmit={(event) => void create(event)}>
        <input
          type="text"
          aria-label="Name of a new file"
          placeholder="web.yaml, or k8s/web.yaml"
          spellCheck={false}
          autoCapitalize="off"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button small type="submit" disabled={name.trim() === '' || state.isBusy}>
          New file
        </Button>
      </form>
      {state.files?.length === 0 && (
        <p className={style.none}>No files yet. What you save here, kubectl finds in your terminal.</p>
      )}
      <ul>
        {state.files?.map(({ path, bytes }) => (
          <li key={path} className={style.row} data-file={path}>
            {asked?.path === path && asked.what === 'rename' ? (
              <Rename path={path} desk={desk} done={() => setAsked(undefined)} />
            ) : asked?.path === path ? (
              <>
                <span className={style.question}>
                  Delete <code>{path}</code>?
                </span>
                <Button
                  small
                  look="stop"
                  onClick={() => {
                    setAsked(undefined)
                    void desk.remove(path)
                  }}
                >
                  Delete
                </Button>
                <Button small onClick={() => setAsked(undefined)}>
                  Keep
                </Button>
              </>
            ) : (
              <>
                <button type="button" className={style.file} onClick={() => void desk.show(path)}>
                  <code>{path}</code>
                  {state.unsaved.includes(path) && <span className={style.unsaved}>not saved</span>}
                  <span className={`${style.size} quiet`}>{sizeWords(bytes)}</span>
                </button>
                <Button
                  small
                  look="quiet"
                  aria-label={`Rename ${path}`}
                  onClick={() => setAsked({ path, what: 'rename' })}
                >
                  Rename
                </Button>
                <Button
                  small
                  look="quiet"
                  aria-label={`Delete ${path}`}
                  onClick={() => setAsked({ path, what: 'delete' })}
                >
                  Delete
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Rename({ path, desk, done }: { path: string; desk: FileDesk; done(): void }) {
  const [to, setTo] = useState(path)
  const rename = async (event: FormEvent) => {
    event.preventDefault()
    if (to === path || (await desk.rename(path, to.trim()))) done()
  }
  return (
    <form
      className={style.row}
      onSubmit={(event) => void rename(event)}
      onKeyDown={(event) => event.key === 'Escape' && done()}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: it was asked for
        autoFocus
        type="text"
        aria-label={`New name of ${path}`}
        spellCheck={false}
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Button small type="submit">
        Rename
      </Button>
      <Button small look="quiet" onClick={done}>
        Keep
      </Button>
    </form>
  )
}

function sizeWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KiB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
