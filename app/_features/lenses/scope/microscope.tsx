'use client'

// One loop, or one event, looked at closely. The order of the parts never changes: what it can see, queue, last
// reconcile, because of, before that.

import type { LensProps } from '../lens.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { ScopeClient } from './scope-client.tsx'
import { ScopeEvent } from './scope-event.tsx'
import { ScopeNothing } from './scope-nothing.tsx'
import { ScopeObject } from './scope-object.tsx'

export function Microscope({ store, selection, select }: LensProps) {
  usePictureVersion(store)
  const { model } = store
  if (!selection) return <ScopeNothing model={model} select={select} />
  if ('object' in selection) return <ScopeObject model={model} object={selection.object} select={select} />
  if ('seq' in selection) return <ScopeEvent model={model} seq={selection.seq} select={select} />
  return <ScopeClient store={store} client={selection.client} select={select} />
}
