'use client'

// A question or a note over the page. Mantine's own header would be a second banner for screen readers.

import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './dialog.module.css'

interface Props {
  title: string
  isOpen: boolean
  onClose(): void
  fullScreen?: boolean
  children: ReactNode
}

export function Dialog({ title, isOpen, onClose, fullScreen = false, children }: Props) {
  return (
    <Modal.Root opened={isOpen} onClose={onClose} fullScreen={fullScreen} transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={style.head}>
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
