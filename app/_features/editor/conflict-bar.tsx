import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import style from './editor.module.css'
import type { FileDesk, OpenFile } from './file-desk.ts'

/** The terminal changed the file too: told where it matters, and the learner chooses. */
export function ConflictBar({ desk, file }: { desk: FileDesk; file: OpenFile }) {
  const isGone = file.theirs === null
  return (
    <div className={style.bar} data-kind="failed" role="alert">
      <Shape state="fail" size={14} />
      <span>
        <b>{isGone ? `${file.path} was deleted in the terminal.` : `${file.path} was changed in the terminal too.`}</b>{' '}
        {isGone ? 'What you see is only here.' : 'What you typed is not saved yet.'}
      </span>
      <span className={style.choices}>
        <Button small onClick={() => desk.takeTheirs()}>
          {isGone ? 'Close it' : 'Take the terminal’s'}
        </Button>
        <Button small onClick={() => void desk.keepMine()}>
          {isGone ? 'Save it again' : 'Save mine over it'}
        </Button>
      </span>
    </div>
  )
}
