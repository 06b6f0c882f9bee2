'use client'

// Three columns from 1100 px on; below, the microscope becomes a sheet from the right. Sizes are remembered.

import { useMediaQuery } from '@mantine/hooks'
import { type ReactNode, useEffect, useRef } from 'react'
import { Group, Panel, Separator, useDefaultLayout, usePanelRef } from 'react-resizable-panels'
import { ScopeSheet, useScopeSheet } from '../lenses/scope-sheet.tsx'
import { PicturePane, ReadPane, ScopePane, ShellPane } from './lab-panes.tsx'
import style from './lab-workbench.module.css'
import type { PaneName, Panes } from './panes.ts'
import { ReadRail } from './read-rail.tsx'

interface Props {
  panes: Panes
  hidden: ReadonlySet<PaneName>
  onHidden(hidden: ReadonlySet<PaneName>): void
}

export function WideLayout({ panes, hidden, onHidden }: Props) {
  const isMedium = useMediaQuery('(max-width: 1100px)', false, { getInitialValueInEffect: false })
  const isNarrow = useMediaQuery('(max-width: 1360px)', false, { getInitialValueInEffect: false })
  const sheet = useScopeSheet(panes.selecting)
  const columns = useDefaultLayout({
    id: isMedium ? 'podium.lab.columns.medium' : 'podium.lab.columns',
    storage: localStorage,
  })
  const rows = useDefaultLayout({ id: 'podium.lab.rows', storage: localStorage })
  const read = usePanelRef()
  const scope = usePanelRef()
  const picture = usePanelRef()
  const terminal = usePanelRef()

  const sizes = useRef(new Map<PaneName, number>())
  useEffect(() => {
    for (const [name, panel] of [
      ['read', read],
      ['scope', scope],
      ['picture', picture],
      ['terminal', terminal],
    ] as const) {
      const handle = panel.current
      if (!handle) continue
      if (hidden.has(name) && !handle.isCollapsed()) {
        sizes.current.set(name, handle.getSize().inPixels)
        handle.collapse()
      }
      if (!hidden.has(name) && handle.isCollapsed()) handle.resize(sizes.current.get(name) ?? usualSize[name])
    }
  }, [hidden, read, scope, picture, terminal])
  // In a third of the height an editor shows hardly a manifest, and a page hardly its head. It is given back after, unless
  // somebody has chosen another height meanwhile.
  const needsRoom = panes.beside.shown !== null
  const before = useRef<number>(undefined)
  useEffect(() => {
    const handle = terminal.current
    if (!handle || handle.isCollapsed()) return
    const height = handle.getSize().asPercentage
    if (needsRoom && height < roomToEdit) {
      before.current = height
      handle.resize(`${roomToEdit}%`)
    } else if (!needsRoom && before.current !== undefined) {
      if (Math.abs(height - roomToEdit) < 1) handle.resize(`${before.current}%`)
      before.current = undefined
    }
  }, [needsRoom, terminal])
  // Dragged shut is hidden too, and the menu knows.
  const onResize = (pane: PaneName) => (size: { inPixels: number }) => {
    const isShut = size.inPixels < (isMedium && pane === 'read' ? railWidth + 2 : 2)
    if (isShut === hidden.has(pane)) return
    const next = new Set(hidden)
    if (isShut) next.add(pane)
    else next.delete(pane)
    onHidden(next)
  }

  return (
    <>
      <Group
        className={style.columns}
        defaultLayout={columns.defaultLayout}
        onLayoutChanged={columns.onLayoutChanged}
        key={isMedium ? 'medium' : 'wide'}
      >
        <Panel
          id="read"
          panelRef={read}
          collapsible
          defaultSize={isNarrow ? '284px' : '336px'}
          collapsedSize={isMedium ? railWidth : 0}
          minSize="240px"
          groupResizeBehavior="preserve-pixel-size"
          onResize={onResize('read')}
        >
          <Pane name="read" full={panes.full}>
            {isMedium && hidden.has('read') ? (
              <ReadRail
                session={panes.run.session}
                step={panes.run.lab?.steps.find((step) => step.number === panes.run.session?.step)}
                onOpen={() => onHidden(new Set([...hidden].filter((name) => name !== 'read')))}
              />
            ) : (
              <ReadPane panes={panes} />
            )}
          </Pane>
        </Panel>
        <Separator className={style.separator} aria-label="Between instructions and picture" />
        <Panel id="middle" minSize="320px">
          <Group orientation="vertical" defaultLayout={rows.defaultLayout} onLayoutChanged={rows.onLayoutChanged}>
            <Panel id="picture" panelRef={picture} collapsible minSize="160px" onResize={onResize('picture')}>
              <Pane name="picture" full={panes.full}>
                <PicturePane
                  panes={panes}
                  isFull={panes.full === 'picture'}
                  lookCloser={isMedium ? sheet.open : undefined}
                />
              </Pane>
            </Panel>
            <Separator className={style.separator} aria-label="Between picture and terminal" />
            <Panel
              id="terminal"
              panelRef={terminal}
              collapsible
              defaultSize="28%"
              minSize="90px"
              onResize={onResize('terminal')}
            >
              <Pane name="terminal" full={panes.full}>
                <ShellPane panes={panes} isFull={panes.full === 'terminal'} />
              </Pane>
            </Panel>
          </Group>
        </Panel>
        {!isMedium && (
          <>
            <Separator className={style.separator} aria-label="Between picture and microscope" />
            <Panel
              id="scope"
              panelRef={scope}
              collapsible
              defaultSize={isNarrow ? '276px' : '312px'}
              minSize="220px"
              groupResizeBehavior="preserve-pixel-size"
              onResize={onResize('scope')}
            >
              <Pane name="scope" full={panes.full}>
                <ScopePane panes={panes} />
              </Pane>
            </Panel>
          </>
        )}
      </Group>
      {isMedium && (
        <ScopeSheet sheet={sheet} from="right">
          <ScopePane panes={panes} lookCloser={sheet.open} />
        </ScopeSheet>
      )}
    </>
  )
}

/** Of the height, for what is opened beside the shells. */
const roomToEdit = 50

/** What instructions fold to between 700 and 1100 px. */
const railWidth = 52

/** In pixels, for a pane that comes back and was never seen at another size. */
const usualSize: Record<PaneName, number> = { read: 336, scope: 312, picture: 520, terminal: 236 }

const labels: Record<PaneName, string> = {
  read: 'Instructions',
  picture: 'Picture of the cluster',
  terminal: 'Terminal',
  scope: 'Microscope',
}

function Pane({ name, full, children }: { name: PaneName; full: PaneName | null; children: ReactNode }) {
  return (
    <section
      className={style.pane}
      data-pane={name}
      data-full={full === name || undefined}
      aria-label={labels[name]}
      tabIndex={-1}
    >
      {children}
    </section>
  )
}
