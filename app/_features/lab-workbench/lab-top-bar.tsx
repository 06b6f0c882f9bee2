import { Menu } from '@mantine/core'
import Link from 'next/link'
import type { LabView, SessionView } from '../../../server/classroom/api/contract.ts'
import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { TopBar } from '../../_ui/top-bar.tsx'
import { RaiseHand } from '../news/raise-hand.tsx'
import { PersonMenu } from '../people/person-menu.tsx'
import { KubeconfigPopover } from './kubeconfig-popover.tsx'
import style from './lab-workbench.module.css'
import { type PaneName, paneWords } from './panes.ts'

interface Props {
  lab: LabView | undefined
  session: SessionView | undefined
  hidden: ReadonlySet<PaneName>
  onHidden(pane: PaneName, isHidden: boolean): void
  canHide: boolean
  news: NewsView | undefined
}

export function LabTopBar({ lab, session, hidden, onHidden, canHide, news }: Props) {
  return (
    <TopBar
      person={<PersonMenu />}
      place={
        <div className={style.crumb}>
          <Link href="/">Course</Link>
          <span className="quiet" aria-hidden="true">
            /
          </span>
          <h1>
            <span>Lab {lab?.number}</span> {lab?.title}
          </h1>
        </div>
      }
    >
      {session && session.nodes.length > 0 && <Machines session={session} />}
      <RaiseHand news={news} />
      {session && canHide && <KubeconfigPopover sessionId={session.id} />}
      {canHide && (
        <Menu position="bottom-end" shadow="md" width={180} transitionProps={{ duration: 0 }}>
          <Menu.Target>
            <Button look="quiet" small>
              <Icon name="panes" /> Panes
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {(Object.keys(paneWords) as PaneName[]).map((pane) => (
              <Menu.CheckboxItem
                key={pane}
                checked={!hidden.has(pane)}
                onChange={(isShown) => onHidden(pane, !isShown)}
              >
                {paneWords[pane]}
              </Menu.CheckboxItem>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </TopBar>
  )
}

function Machines({ session }: { session: SessionView }) {
  const ready = session.nodes.filter((node) => node.ready).length
  const isAll = session.nodes.length > 0 && ready === session.nodes.length
  const isSimulated = session.nodes.some((node) => node.simulated)
  return (
    <span className={style.pill} data-nodes-ready={ready}>
      <Shape state={isAll ? 'ok' : 'wait'} size={12} />
      {isAll
        ? `${ready} ${isSimulated ? 'simulated ' : ''}nodes Ready`
        : `${ready} of ${session.nodes.length} nodes Ready`}
      {session.version && <code className="quiet">{session.version}</code>}
    </span>
  )
}
