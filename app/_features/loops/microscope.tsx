'use client'

// One loop, or one event, looked at closely. The order of the parts never changes: what it can see, queue, last
// reconcile, because of, before that.

import type { PictureStore } from './picture-store.ts'
import { ScopeClient } from './scope-client.tsx'
import { ScopeEvent } from './scope-event.tsx'
import { ScopeNothing } from './scope-nothing.tsx'
import type { Selecting } from './selection.ts'
import { usePictureVersion } from './use-picture.ts'

export function Microscope({ store, selection, select }: Selecting & { store: PictureStore }) {
  usePictureVersion(store)
  const { model } = store
  if (!selection) return <ScopeNothing model={model} select={select} />
  if ('seq' in selection) return <ScopeEvent model={model} seq={selection.seq} select={select} />
  return <ScopeClient model={model} client={selection.client} select={select} />
}
