'use client'

import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { useCopy } from '../../_ui/use-copy.ts'
import style from './file-block.module.css'

interface Props {
  name: string
  text: string
  mayOpen: boolean
  onOpen(name: string, text: string): void
}

/** A file to look at, or to have in one's home and edit. */
export function FileBlock({ name, text, mayOpen, onOpen }: Props) {
  const clipboard = useCopy()
  return (
    <figure className={style.file}>
      <figcaption>
        <code>{name}</code>
        <Button
          small
          look="quiet"
          disabled={!mayOpen}
          title="Makes the file in your home, unless it is there, and opens it"
          onClick={() => onOpen(name, text)}
        >
          Open in editor
        </Button>
        <Button small look="quiet" onClick={() => clipboard.copy(text)}>
          <Icon name="copy" size={13} /> {clipboard.copied ? 'Copied' : 'Copy'}
        </Button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  )
}
