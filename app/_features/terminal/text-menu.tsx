'use client'

// What can be done with a terminal's text. The keys are those that shells leave free: Ctrl alone is always the shell's.

import { Menu } from '@mantine/core'
import { Button } from '../../_ui/button.tsx'
import style from './terminal.module.css'
import type { ScreenHandle } from './terminal-screen.tsx'
import { usualSize } from './terminal-theme.ts'

interface Props {
  screen(): ScreenHandle | undefined
  size: number
  onSize(size: number): void
  onFind(): void
}

const sizes = { least: 10, most: 22 }

export function TextMenu({ screen, size, onSize, onFind }: Props) {
  return (
    <Menu position="bottom-end" shadow="md" width={230} transitionProps={{ duration: 0 }} returnFocus={false}>
      <Menu.Target>
        <Button small look="quiet">
          Text
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item rightSection={<kbd className={style.keys}>Ctrl Shift F</kbd>} onClick={onFind}>
          Find
        </Menu.Item>
        <Menu.Item rightSection={<kbd className={style.keys}>Ctrl Shift C</kbd>} onClick={() => screen()?.copy()}>
          Copy
        </Menu.Item>
        {/* Over plain HTTP browsers show pages no clipboard; by the keys they paste all the same. */}
        <Menu.Item
          rightSection={<kbd className={style.keys}>Ctrl Shift V</kbd>}
          disabled={!navigator.clipboard}
          onClick={() => void screen()?.paste()}
        >
          Paste
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item closeMenuOnClick={false} disabled={size >= sizes.most} onClick={() => onSize(size + 1)}>
          Larger
        </Menu.Item>
        <Menu.Item closeMenuOnClick={false} disabled={size <= sizes.least} onClick={() => onSize(size - 1)}>
          Smaller
        </Menu.Item>
        <Menu.Item
          disabled={size === usualSize}
          rightSection={<span className="quiet">{size} px</span>}
          onClick={() => onSize(usualSize)}
        >
          Usual size
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
