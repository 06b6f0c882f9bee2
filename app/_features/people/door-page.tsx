import type { ReactNode } from 'react'
import { TopBar } from '../../_ui/top-bar.tsx'
import style from './people.module.css'

/** One narrow column, for pages before the classroom: log in, join, the first account. */
export function DoorPage({ title, lead, children }: { title: ReactNode; lead?: ReactNode; children?: ReactNode }) {
  return (
    <>
      <TopBar wide />
      <main className={style.door}>
        <h1>{title}</h1>
        {lead && <p className={style.lead}>{lead}</p>}
        {children}
      </main>
    </>
  )
}
