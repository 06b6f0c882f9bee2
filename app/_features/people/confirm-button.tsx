'use client'

import { type ReactNode, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Dialog } from '../../_ui/dialog.tsx'
import style from './people.module.css'

interface Props {
  /** On the button, and in the question's heading. */
  action: string
  /** Where the word alone would be the same in every row. */
  label?: string
  /** What it will do, before it is done. */
  children: ReactNode
  onConfirm(): void
}

/** For what cannot be taken back: says first what it will do. */
export function ConfirmButton({ action, label, children, onConfirm }: Props) {
  const [isOpen, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button small look="quiet" aria-label={label} onClick={() => setOpen(true)}>
        {action}…
      </Button>
      <Dialog title={label ?? action} isOpen={isOpen} onClose={close}>
        <p className={style.question}>{children}</p>
        <div className={style.buttons}>
          <Button data-autofocus onClick={close}>
            Leave it
          </Button>
          <Button
            look="stop"
            onClick={() => {
              close()
              onConfirm()
            }}
          >
            {action}
          </Button>
        </div>
      </Dialog>
    </>
  )
}
