import Link from 'next/link'
import type { ReactNode } from 'react'
import style from './missing-page.module.css'
import { TopBar } from './top-bar.tsx'

interface Props {
  title: string
  /** Why that may be. */
  children: ReactNode
  /** What to do next; to the course unless something is nearer. */
  way?: { href: string; words: string }
}

/** Nothing is at this address: what was asked for, why it may be missing, and one way on. */
export function MissingPage({ title, children, way = { href: '/', words: 'To the course' } }: Props) {
  return (
    <>
      <TopBar wide />
      <main className={style.page}>
        <h1>{title}</h1>
        <p>{children}</p>
        <Link href={way.href} className={style.way}>
          {way.words}
        </Link>
      </main>
    </>
  )
}
