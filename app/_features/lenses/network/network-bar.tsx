'use client'

import type { LensProps } from '../lens.ts'
import style from './network-bar.module.css'
import { useNetwork } from './use-network.ts'

/** What machines do by themselves is kept out, until one asks for it. */
export function NetworkBar(props: LensProps) {
  const network = useNetwork(props)
  const { showsAll, hidden } = network.model
  return (
    <label className={style.ask}>
      <input
        type="checkbox"
        checked={showsAll}
        onChange={(event) => network.showAll(event.currentTarget.checked)}
        aria-label="Show probes, DNS and what machines do by themselves"
      />
      <span>Probes and DNS{!showsAll && hidden > 0 && `, ${hidden} hidden`}</span>
    </label>
  )
}
