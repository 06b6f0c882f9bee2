import Link from 'next/link'
import type { ReactNode } from 'react'
import { ThemeToggle } from './theme-toggle.tsx'
import style from './top-bar.module.css'

interface Props {
  /** Where one is: links or crumbs. */
  place?: ReactNode
  /** What belongs to this page, before the theme and the person. */
  children?: ReactNode
  /** Whose page it is, at the very end. */
  person?: ReactNode
  wide?: boolean
}

export function TopBar({ place, children, person, wide }: Props) {
  return (
    <header className={wide ? `${style.bar} ${style.wide}` : style.bar}>
      <Link href="/" className={style.brand} aria-label="Podium, to the course">
        <svg viewBox="0 0 22 18" width="22" height="18" aria-hidden="true">
          <path d="M0 10h7v8H0z" fill="var(--ink)" opacity=".55" />
          <path d="M7.5 4h7v14h-7z" fill="var(--marker)" stroke="var(--ink)" />
          <path d="M15 12.5h7V18h-7z" fill="var(--ink)" opacity=".8" />
        </svg>
        Podium
      </Link>
      <nav className={style.place} aria-label="Place">
        {place}
      </nav>
      <div className={style.end}>
        {children}
        <ThemeToggle />
        {person}
      </div>
    </header>
  )
}
