'use client'

// The strip above the shells: a tab each, named after its last command, and a menu for new ones.

import { Menu } from '@mantine/core'
import type { KeyboardEvent } from 'react'
import type { SessionView } from '../../../server/classroom/api/contract.ts'
import { Glyph } from '../../_ui/glyph.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { focused } from './shell-view.ts'
import style from './terminal.module.css'
import type { Shells } from './use-shells.ts'

interface Props {
  shells: Shells
  tabs: SessionView['terminals']
  nodes: SessionView['nodes']
}

const mostTabs = 12

/** Commands are the learner speaking to the cluster; what a tab is called before the first one is ours. */
const isCommand = (title: string): boolean => !/^shell( \d+)?$/.test(title)

export function TerminalTabs({ shells, tabs, nodes }: Props) {
  const { view } = shells
  const active = focused(view)
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const at = tabs.findIndex(({ name }) => name === active)
    const next = tabs.at((at + (step ?? 0)) % tabs.length)
    if (step === undefined || !next) return
    event.preventDefault()
    shells.show(next.name)
    document.getElementById(`tab-${next.name}`)?.focus()
  }
  return (
    <>
      <div className={style.list}>
        {/* A list of tabs may hold nothing but tabs, and these have their close buttons beside them. */}
        <div role="tablist" aria-label="Shells" aria-owns={tabs.map(({ name }) => `tab-${name}`).join(' ')} />
        {tabs.map(({ name, title, isMachine }) => (
          <span
            key={name}
            className={style.tab}
            data-tab={name}
            data-on={name === active || undefined}
            data-seen={name === view.left || name === view.right || undefined}
          >
            <button
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={name === active}
              aria-controls={`terminal-${name}`}
              tabIndex={name === active ? 0 : -1}
              title={title}
              onClick={() => shells.show(name)}
              onKeyDown={walk}
            >
              {isMachine && <Glyph who="node" size={12} />}
              <span className={isCommand(title) ? style.command : undefined}>{title}</span>
            </button>
            {name === active && (
              <button
                type="button"
                className={style.close}
                aria-label={`Close ${title}`}
                onClick={() => shells.close(name)}
              >
                <Icon name="close" size={10} />
              </button>
            )}
          </span>
        ))}
      </div>
      {tabs.length < mostTabs && (
        <Menu position="bottom-start" shadow="md" width={220} transitionProps={{ duration: 0 }}>
          <Menu.Target>
            <button type="button" className={style.add} aria-label="New tab">
              +
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void shells.open()}>New shell</Menu.Item>
            {nodes.map(({ name, simulated }) => (
              <Menu.Item
                key={name}
                leftSection={<Glyph who="node" size={12} />}
                rightSection={simulated ? <span className="quiet">simulated</span> : undefined}
                onClick={() => void shells.open(name, { another: true })}
              >
                Shell on {name}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  )
}
