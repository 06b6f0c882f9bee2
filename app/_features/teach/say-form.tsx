'use client'

// A few words to one or to all: a text field, one button, Escape leaves.

import { useId, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import style from './say-form.module.css'

interface Props {
  label: string
  placeholder: string
  action: string
  onSay(text: string): void
  onLeave(): void
}

export function SayForm({ label, placeholder, action, onSay, onLeave }: Props) {
  const id = useId()
  const [text, setText] = useState('')
  return (
    <form
      className={style.say}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim()) onSay(text.trim())
      }}
    >
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={2}
        maxLength={500}
        placeholder={placeholder}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: the form was asked for by a button; one writes at once
        autoFocus
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onLeave()
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit()
        }}
      />
      <div>
        <Button small look="go" type="submit" disabled={!text.trim()}>
          {action}
        </Button>
        <Button small look="quiet" onClick={onLeave}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
