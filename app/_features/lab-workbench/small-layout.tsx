'use client'

// Below 700 px: one pane at a time behind three tabs. Reading keeps a line of the picture and a peek at the terminal; where
// the text is not seen, its tab says that the step is done.

import type { SessionView } from '../../../server/classroom/api/contract.ts'
import { Shape } from '../../_ui/shape.tsx'
import { loopState } from '../lenses/picture/loop-state.ts'
import type { PictureStore } from '../lenses/picture/picture-store.ts'
import { usePictureVersion } from '../lenses/picture/use-picture.ts'
import { ScopeSheet, useScopeSheet } from '../lenses/scope-sheet.tsx'
import { PicturePane, ReadPane, ScopePane, ShellPane } from './lab-panes.tsx'
import style from './lab-workbench.module.css'
import type { Panes } from './panes.ts'

const tabs = [
  { name: 'read', word: 'Read' },
  { name: 'terminal', word: 'Terminal' },
  { name: 'picture', word: 'Picture' },
] as const

export function SmallLayout({ panes }: { panes: Panes }) {
  const { selecting, store, smallTab: tab, setSmallTab: setTab } = panes
  const sheet = useScopeSheet(selecting)
  const unseen = tab === 'read' ? '' : whatIsDone(panes.run.session)
  return (
    <div className={style.small} data-tab={tab}>
      <section className={style.pane} data-pane="read" aria-label="Instructions" tabIndex={-1} hidden={tab !== 'read'}>
        <ReadPane panes={panes} isSmall>
          <PictureLine store={store} onOpen={() => setTab('picture')} />
        </ReadPane>
      </section>
      <section className={style.pane} data-pane="picture" aria-label="Picture" tabIndex={-1} hidden={tab !== 'picture'}>
        {tab === 'picture' && <PicturePane panes={panes} isSmall lookCloser={sheet.open} />}
      </section>
      <section
        className={style.pane}
        data-pane="terminal"
        aria-label="Terminal"
        tabIndex={-1}
        hidden={tab === 'picture'}
      >
        <ShellPane panes={panes} isSmall />
      </section>
      <nav className={style.tabs} aria-label="Panes">
        {tabs.map(({ name, word }) => (
          <button
            key={name}
            type="button"
            aria-current={tab === name ? 'page' : undefined}
            onClick={() => setTab(name)}
          >
            <span className={style.tabWord}>
              {name === 'read' && unseen && <Shape state="ok" size={14} />}
              {word}
            </span>
            {name === 'read' && unseen && <small>{unseen}</small>}
          </button>
        ))}
      </nav>
      <p className="unseen" role="status">
        {unseen}
      </p>
      <ScopeSheet sheet={sheet} from="bottom">
        <ScopePane panes={panes} lookCloser={sheet.open} />
      </ScopeSheet>
    </div>
  )
}

/** Of the step that is open in the text; empty while it is not done. */
function whatIsDone(session: SessionView | undefined): string {
  if (!session) return ''
  if (session.done) return 'The lab is done'
  return session.step < session.reached ? `Step ${session.step} is done` : ''
}

/** The picture in one line: the loop that most needs a look. */
function PictureLine({ store, onOpen }: { store: PictureStore; onOpen: () => void }) {
  usePictureVersion(store)
  const { model } = store
  const loud = model.loops
    .map((client) => ({ client, state: loopState(model.client(client), model.now, model.gate(client)) }))
    .sort((a, b) => weight[a.state.word] - weight[b.state.word])[0]
  if (!loud) return null
  const isQuiet = loud.state.word === 'idle'
  return (
    <button type="button" className={style.line} onClick={onOpen}>
      <Shape state={loud.state.shape} />
      <span>
        {isQuiet ? (
          <b>All {model.loops.length} loops idle</b>
        ) : (
          <b>
            {model.place(loud.client).label} loop: {loud.state.word}
          </b>
        )}
      </span>
      <code className="quiet">rev {model.revision}</code>
    </button>
  )
}

const weight = { held: -1, 'back-off': 0, behind: 1, acted: 2, working: 3, idle: 4 }
