'use client'

// One button, four looks. `go` is the marker: the one thing to do next, at most once in a panel.

import { UnstyledButton, type UnstyledButtonProps } from '@mantine/core'
import type { ComponentPropsWithoutRef } from 'react'
import style from './button.module.css'

type Props = UnstyledButtonProps &
  Omit<ComponentPropsWithoutRef<'button'>, keyof UnstyledButtonProps> & {
    look?: 'plain' | 'quiet' | 'go' | 'stop'
    small?: boolean
  }

export function Button({ look = 'plain', small, className, ...rest }: Props) {
  return (
    <UnstyledButton
      type="button"
      className={className ? `${style.button} ${className}` : style.button}
      data-look={look}
      data-small={small || undefined}
      {...rest}
    />
  )
}
