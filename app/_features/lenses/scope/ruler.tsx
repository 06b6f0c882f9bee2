import { hueOf, type Who } from '../../../_ui/glyph.tsx'

const span = 9
const step = 28
const end = 266
const ticks = Array.from({ length: span + 1 }, (_, tick) => `M${end - tick * step} 19v8`).join('')

/** A cache against the store, on one scale of revisions. Further back than the scale, the cache stands at its left end. */
export function Ruler({ cache, store, who }: { cache: number; store: number; who: Who }) {
  const behind = Math.max(0, store - cache)
  const at = end - Math.min(behind, span) * step
  const hue = hueOf(who)
  const isLeft = at < 110
  return (
    <svg
      viewBox="0 0 280 46"
      width="100%"
      fontFamily="var(--font-code)"
      fontSize="11"
      role="img"
      aria-label={`Store at ${store}, cache at ${cache}`}
    >
      <path d="M0 23H280" stroke="var(--line-strong)" />
      <path d={ticks} stroke="var(--line-strong)" />
      <path d={`M${end} 6v17`} stroke="var(--store)" strokeWidth="2" />
      <path d={`M${end - 5} 6h10l-5 8z`} fill="var(--store)" />
      <text x={end - 9} y="13" textAnchor="end" fill="var(--ink)">
        store <tspan fontWeight="700">{store}</tspan>
      </text>
      <path d={`M${at} 23v17`} stroke={hue} strokeWidth="2" />
      <path d={`M${at - 5} 40h10l-5-8z`} fill={hue} />
      <text x={isLeft ? at + 9 : at - 9} y="43" textAnchor={isLeft ? 'start' : 'end'} fill="var(--ink)">
        its cache <tspan fontWeight="700">{cache}</tspan>
      </text>
    </svg>
  )
}
