'use client'

import Link from 'next/link'
import type { ReactNode } from 'react'
import { TopBar } from '../../_ui/top-bar.tsx'
import style from './people.module.css'
import { PersonMenu } from './person-menu.tsx'

interface Props {
  /** The page above this one, the course unless told. */
  from?: { href: string; name: string }
  place: string
  title: ReactNode
  lead?: ReactNode
  /** What can be done with the whole page, beside its title. */
  actions?: ReactNode
  children: ReactNode
}

const course = { href: '/', name: 'Course' }

/** The frame of pages about people and classes. */
export function PeoplePage({ from = course, place, title, lead, actions, children }: Props) {
  return (
    <>
      <TopBar
        wide
        person={<PersonMenu />}
        place={
          <span className={style.crumb}>
            <Link href={from.href}>{from.name}</Link>
            <span className="quiet" aria-hidden="true">
              /
            </span>
            <b>{place}</b>
          </span>
        }
      />
      <main className={style.page}>
        <header className={style.head}>
          <div>
            <h1>{title}</h1>
            {lead && <p className={style.lead}>{lead}</p>}
          </div>
          {actions && <div className={style.buttons}>{actions}</div>}
        </header>
        {children}
      </main>
    </>
  )
}
