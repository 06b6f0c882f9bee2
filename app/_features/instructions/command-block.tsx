'use client'

import { Fragment, useState } from 'react'
import { Icon } from '../../_ui/icon.tsx'
import { useCopy } from '../../_ui/use-copy.ts'
import style from './command-block.module.css'

interface Props {
  command: string
  mayRun: boolean
  isAsked: boolean
  /** Resolves to whether it was typed. */
  onRun(command: string): Promise<boolean>
}

/** A command: one click runs it in the focused terminal, the other copies it. */
export function CommandBlock({ command, mayRun, isAsked, onRun }: Props) {
  const [ranAt, setRanAt] = useState('')
  const clipboard = useCopy()
  return (
    <div className={style.command} data-command={command}>
      <code>
        {command.split(/(\s+)/).map((word, index) =>
          // A line breaks at spaces, never inside a flag or a name, unless that alone is wider than the column.
          // biome-ignore lint/suspicious/noArrayIndexKey: words of one command have no identity but their place
          word.trim() ? <Word key={index}>{word}</Word> : word,
        )}
      </code>
      <button
        type="button"
        className={style.copy}
        aria-label={clipboard.copied ? 'Copied' : `Copy ${command}`}
        title={clipboard.copied ? 'Copied' : 'Copy'}
        onClick={() => clipboard.copy(command)}
      >
        <Icon name="copy" size={14} />
      </button>
      <button
        type="button"
        className={style.run}
        data-ran={ranAt !== '' || undefined}
        disabled={!mayRun || isAsked}
        title={isAsked ? 'Answer the question above first' : ranAt ? `Ran at ${ranAt}` : 'Run in the terminal'}
        onClick={async () => {
          if (await onRun(command)) setRanAt(new Date().toLocaleTimeString())
        }}
      >
        {isAsked ? 'Answer first' : ranAt ? 'Again' : 'Run'}
      </button>
    </div>
  )
}

/** What is too long for a line may break behind a comma. */
function Word({ children }: { children: string }) {
  const [first, ...rest] = children.split(/(?<=,)/)
  return (
    <span>
      {first}
      {rest.map((part) => (
        <Fragment key={part}>
          <wbr />
          {part}
        </Fragment>
      ))}
    </span>
  )
}
