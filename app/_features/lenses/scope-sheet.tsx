'use client'

// What stands beside the picture, as a sheet over it where there is no room: on a phone from below, on a tablet from the
// right. It comes when something is chosen, and when one asks to look closer.

import { Drawer } from '@mantine/core'
import { type ReactNode, useCallback, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import type { Selecting } from './picture/selection.ts'
import style from './scope-sheet.module.css'

export interface Sheet {
  isOpen: boolean
  /** Open though nothing is chosen. */
  isAsked: boolean
  open(): void
  close(): void
}

export function useScopeSheet({ selection, select }: Selecting): Sheet {
  const [isAsked, ask] = useState(false)
  const open = useCallback(() => ask(true), [])
  const close = useCallback(() => {
    ask(false)
    select(null)
  }, [select])
  return { isOpen: isAsked || selection !== null, isAsked, open, close }
}

export function ScopeSheet({ sheet, from, children }: { sheet: Sheet; from: 'right' | 'bottom'; children: ReactNode }) {
  // At the side there is picture left to work on.
  const beside = from === 'right' && ({ size: 336, trapFocus: false, lockScroll: false } as const)
  return (
    <Drawer.Root
      opened={sheet.isOpen}
      onClose={sheet.close}
      position={from}
      size="75%"
      transitionProps={{ duration: 180 }}
      {...beside}
    >
      {!beside && <Drawer.Overlay />}
      <Drawer.Content aria-label="Microscope">
        <Drawer.Body p={0}>
          {sheet.isAsked && (
            <div className={style.back}>
              <Button small look="quiet" onClick={sheet.close}>
                Back to the picture
              </Button>
            </div>
          )}
          {children}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}
