import { useEffect, useRef } from 'react'
import style from './course.module.css'

/** `/` goes there from anywhere on the page, Escape empties it. */
export function SearchBox({ wanted, onWanted }: { wanted: string; onWanted(wanted: string): void }) {
  const ref = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return
      event.preventDefault()
      ref.current?.focus()
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  return (
    <label className={style.search}>
      <input
        ref={ref}
        type="search"
        value={wanted}
        placeholder="Search labs, kinds, commands"
        aria-label="Search labs, kinds, commands"
        autoComplete="off"
        onChange={(event) => onWanted(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && onWanted('')}
      />
      <i aria-hidden="true">/</i>
    </label>
  )
}
