// Sizes and costs as estimates know them. Upstream: cel-go/checker/cost.go SizeEstimate, CostEstimate.

import type { CelType } from './cel-type.ts'

export interface Size {
  min: number
  max: number
}

/** 2⁶⁴ − 1, as far as a number can tell: no bound. */
export const UNBOUNDED = 2 ** 64
export const UNKNOWN: Size = { min: 0, max: UNBOUNDED }
export const fixed = (size: number): Size => ({ min: size, max: size })
export const capped = (number: number) => Math.min(number, UNBOUNDED)
export const union = (a: Size, b: Size): Size => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })

/** What is known of the value of a part of an expression. */
export interface Known {
  cost: number
  /** As declared, where the value is part of a variable. */
  type?: CelType | undefined
  /** Of a text, a list or a map; of anything else 1. */
  size: Size
  /** What the library's checker has found: `string`, `list`, `dyn`, `kubernetes.Quantity`; of a list also its elements. */
  kind: string
  element?: string | undefined
}

/** Walking a text costs this for each character. */
export const WALK = 0.1
export const walk = (size: number) => capped(Math.ceil(size * WALK))
