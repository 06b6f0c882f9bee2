'use client'

// Light, dark, or as the system says. The choice is kept by Mantine in local storage.

import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

const choices = [
  { value: 'light', word: 'Light' },
  { value: 'dark', word: 'Dark' },
  { value: 'auto', word: 'As the system' },
] as const

export function ThemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="bottom-end" shadow="md" width={160} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button look="quiet" small aria-label="Theme">
          <Icon name="theme" />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {choices.map((choice) => (
            <Menu.RadioItem key={choice.value} value={choice.value}>
              {choice.word}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  )
}
