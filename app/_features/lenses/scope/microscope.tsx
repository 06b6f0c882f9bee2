'use client'

// One loop, or one event, looked at closely. The order of the parts never changes: what it can see, queue, last
// reconcile, because of, before that.

import type { PictureStore } from '../picture/picture-store.ts'
import type { Selecting } from '../picture/selection.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { ScopeClient } from './scope-client.tsx'
import { ScopeEvent } from './scope-event.tsx'
import { ScopeNothing } from './scope-nothing.tsx'

export function Microscope({ store, selection, select }: Selecting & { store: PictureStore }) {
  usePictureVersion(store)
  const { model } = store
  if (!selection) return <ScopeNothing model={model} select={select} />
  if ('seq' in selection) return <ScopeEvent model={model} seq={selection.seq} select={select} />
  return <ScopeClient model={model} client={selection.client} select={select} />
}
