// Which tabs one browser looks at: one, or two side by side. What tabs there are is the server's to say; a view that
// speaks of others is fitted to those.

export interface ShellView {
  left: string
  /** Beside it, when the pane is split. */
  right: string | null
  focus: 'left' | 'right'
}

export const firstView: ShellView = { left: '1', right: null, focus: 'left' }

export function fitTo(view: ShellView, names: readonly string[]): ShellView {
  const right = view.right !== null && names.includes(view.right) && view.right !== view.left ? view.right : null
  if (names.includes(view.left)) return right === null ? { ...view, right, focus: 'left' } : { ...view, right }
  // What is left takes the whole place; with nothing left there is nothing to see.
  return { left: right ?? names.at(-1) ?? '', right: null, focus: 'left' }
}

/** Brings a tab into the focused place; one that is seen already is focused where it is. */
export function show(view: ShellView, name: string): ShellView {
  if (view.left === name) return { ...view, focus: 'left' }
  if (view.right === name) return { ...view, focus: 'right' }
  return { ...view, [view.focus]: name }
}

export const focused = (view: ShellView): string => (view.focus === 'right' && view.right ? view.right : view.left)

/** Puts a tab beside the one that is seen. */
export const split = (view: ShellView, name: string): ShellView => ({
  left: focused(view),
  right: name,
  focus: 'right',
})

export const join = (view: ShellView): ShellView => ({ left: focused(view), right: null, focus: 'left' })

/**
 * The learner's own shells in the order in which a command of ours is run in them: where they type, what they see, the rest.
 * Never one on a machine, for kubectl is not there.
 */
export function ownShells(view: ShellView, tabs: readonly { name: string; isMachine: boolean }[]): string[] {
  const order = [focused(view), view.left, view.right, ...tabs.map(({ name }) => name)]
  return [...new Set(order)].filter((name) => tabs.some((tab) => tab.name === name && !tab.isMachine)) as string[]
}
