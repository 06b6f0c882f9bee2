'use client'

// A form that sends one thing: its fields, what went wrong, one button.

import { PasswordInput, type PasswordInputProps, TextInput, type TextInputProps } from '@mantine/core'
import type { ReactNode } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Problem } from './notices.tsx'
import style from './people.module.css'

interface Props {
  action: string
  isRunning: boolean
  problem: string
  /** The form's own values, by field name; blanks around them are left out, but not of passwords. */
  onSend(values: Record<string, string>): void
  look?: 'go' | 'plain'
  children: ReactNode
}

export function Form({ action, isRunning, problem, onSend, look = 'go', children }: Props) {
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault()
        const entries = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)] as const)
        onSend(Object.fromEntries(entries.map(([name, value]) => [name, isPassword(name) ? value : value.trim()])))
      }}
    >
      {children}
      {problem && <Problem>{problem}</Problem>}
      <Button type="submit" look={look} disabled={isRunning} className={style.submit}>
        {action}
      </Button>
    </form>
  )
}

const isPassword = (name: string) => ['password', 'current', 'next'].includes(name)

export const Field = (props: TextInputProps) => <TextInput required withAsterisk={false} maxLength={60} {...props} />

export const LoginField = (props: TextInputProps) => (
  <Field
    name="login"
    label="Name to log in with"
    autoComplete="username"
    autoCapitalize="none"
    spellCheck={false}
    {...props}
  />
)

export const PasswordField = (props: PasswordInputProps) => (
  <PasswordInput
    name="password"
    label="Password"
    autoComplete="current-password"
    required
    withAsterisk={false}
    maxLength={200}
    visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
    {...props}
  />
)

/** With the rule said before it is broken, and kept by the browser. */
export const NewPasswordField = (props: PasswordInputProps) => (
  <PasswordField description="At least 10 characters." autoComplete="new-password" minLength={10} {...props} />
)

/** What makes an account: one's own, or somebody else's. */
export function NewAccountFields({ whose = 'Your' }: { whose?: 'Your' | 'Their' }) {
  return (
    <>
      <Field name="name" label={`${whose} name, as others see it`} autoComplete={whose === 'Your' ? 'name' : 'off'} />
      <LoginField description="Letters, digits and . _ - @, without blanks." minLength={2} />
      <NewPasswordField />
    </>
  )
}

export const accountOf = ({ login = '', name = '', password = '' }: Record<string, string>) => ({
  login,
  name,
  password,
})
