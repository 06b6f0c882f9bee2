// All lenses, in the order of their tabs. To add one: a folder here with its view, and a line below.

import type { Lens } from './lens.ts'
import { loopsView } from './loops/loops-view.ts'

export const lenses: readonly [Lens, ...Lens[]] = [
  { id: 'loops', title: 'Loops', hasLoops: true, closer: 'Microscope', load: async () => loopsView },
  {
    id: 'objects',
    title: 'Objects',
    hasLoops: false,
    closer: 'Microscope',
    load: async () => (await import('./objects/objects-view.ts')).objectsView,
  },
  {
    id: 'revisions',
    title: 'Revisions',
    hasLoops: true,
    closer: 'Microscope',
    load: async () => (await import('./revisions/revisions-view.ts')).revisionsView,
  },
  {
    id: 'network',
    title: 'Network',
    hasLoops: false,
    closer: 'Trace',
    load: async () => (await import('./network/network-view.ts')).networkView,
  },
  {
    id: 'scheduler',
    title: 'Scheduler',
    hasLoops: true,
    closer: 'Microscope',
    load: async () => (await import('./scheduler/scheduler-view.ts')).schedulerView,
  },
  {
    id: 'access',
    title: 'Access',
    hasLoops: false,
    closer: 'Ask',
    load: async () => (await import('./access/access-view.ts')).accessView,
  },
]
