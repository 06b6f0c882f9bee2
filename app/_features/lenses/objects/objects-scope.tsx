'use client'

// One object looked at closely: what holds its deletion, who owns it, what it owns, its labels, and whom selectors join it to.

import type { SeenObject } from '../../../../server/observe/index.ts'
import { Shape } from '../../../_ui/shape.tsx'
import type { LensProps } from '../lens.ts'
import type { Selecting } from '../picture/selection.ts'
import { shortName } from '../picture/short-name.ts'
import scope from '../scope/microscope.module.css'
import { Microscope } from '../scope/microscope.tsx'
import { Head, Part } from '../scope/microscope-part.tsx'
import style from './objects.module.css'
import type { ObjectsModel } from './objects-model.ts'
import { useObjects } from './use-objects.ts'

export function ObjectsScope(props: LensProps) {
  const objects = useObjects(props)
  const { selection, select } = props
  const { model, selector, matched, namespace, problem } = objects
  if (!selection) {
    const reached = [...matched].flatMap((uid) => model.get(uid) ?? [])
    return (
      <div className={scope.scope}>
        {selector.trim() !== '' && (
          <Part title="What it reaches" aside={`in ${namespace}`}>
            {problem ? (
              <p className={scope.say} role="alert">
                {problem}
              </p>
            ) : (
              <Objects objects={reached} select={select} none="No object carries such labels." />
            )}
          </Part>
        )}
        <HowToRead />
      </div>
    )
  }
  const object = 'object' in selection ? model.find(selection.object) : undefined
  if (!object) return <Microscope {...props} />
  return <ScopeOfObject model={model} object={object} select={select} ask={(text) => objects.setSelector(text)} />
}

function ScopeOfObject(props: {
  model: ObjectsModel
  object: SeenObject
  select: Selecting['select']
  ask: (selector: string) => void
}) {
  const { model, object, select, ask } = props
  const owned = model.ownedBy(object.uid)
  const ownedUids = new Set(model.podsUnder(object).map(({ uid }) => uid))
  const selects = object.selects.flatMap((uid) => model.get(uid) ?? [])
  const selectedBy = model.selectedBy(object.uid)
  const labels = Object.entries(object.labels)
  const lost = object.owners.filter(({ uid }) => !model.get(uid))
  return (
    <div className={scope.scope} data-scope={`${object.resource}/${object.name}`}>
      <Head title={object.name} close={() => select(null)} />
      <p className={scope.aside}>
        {object.kind}
        {object.namespace && ` in ${object.namespace}`}
        {object.status && `, ${object.status}`}, revision <code>{object.revision}</code>
      </p>
      {object.deleting && <Deleting deleting={object.deleting} />}
      <Part title="Owned by">
        <Objects
          objects={model.ownersOf(object)}
          select={select}
          none={lost.length > 0 ? '' : 'Nobody: it stays until somebody deletes it.'}
        />
        {lost.map(({ uid, kind, name }) => (
          <p key={uid} className="quiet">
            {kind} {name}, which is gone: the garbage collector will come.
          </p>
        ))}
      </Part>
      {owned.length > 0 && (
        <Part title="Owns" aside={`${owned.length}`}>
          <Objects objects={owned} select={select} none="" />
        </Part>
      )}
      <Part title="Labels">
        {labels.length === 0 && <p className="quiet">None: no selector finds it.</p>}
        <ul className={style.labels}>
          {labels.map(([key, value]) => (
            <li key={key}>
              <button type="button" onClick={() => ask(`${key}=${value}`)} title="What else carries it?">
                {key}={value}
              </button>
            </li>
          ))}
        </ul>
      </Part>
      {(object.selector || selects.length > 0) && (
        <Part title={object.selector ? 'Selects' : 'Leads to'} aside={`${selects.length} Pods`}>
          {object.selector && <code className={style.selector}>{object.selector}</code>}
          <Objects
            objects={selects}
            select={select}
            none="No Pod carries these labels."
            note={({ uid }) =>
              owned.length > 0 && !ownedUids.has(uid) && object.kind !== 'Service' ? 'not its own' : ''
            }
          />
        </Part>
      )}
      {selectedBy.length > 0 && (
        <Part title="Selected by">
          <Objects objects={selectedBy} select={select} none="" note={({ selector }) => selector} />
        </Part>
      )}
    </div>
  )
}

function Deleting({ deleting }: { deleting: NonNullable<SeenObject['deleting']> }) {
  return (
    <Part title="Being deleted">
      <p className={scope.say}>
        <Shape state="wait" size={12} /> Asked for at {new Date(deleting.since).toLocaleTimeString()}.{' '}
        {deleting.waitsFor.length === 0 ? 'It goes at any moment.' : 'It is still there because it waits for'}
      </p>
      <ul className={style.waits}>
        {deleting.waitsFor.map((what) => (
          <li key={what}>{what}</li>
        ))}
      </ul>
    </Part>
  )
}

function Objects(props: {
  objects: readonly SeenObject[]
  select: Selecting['select']
  none: string
  note?: (object: SeenObject) => string
}) {
  const { objects, select, none, note } = props
  if (objects.length === 0) return none ? <p className="quiet">{none}</p> : null
  return (
    <ul className={style.list}>
      {objects.map((object) => (
        <li key={object.uid}>
          <span className="quiet">{object.kind}</span>
          <button type="button" className={scope.link} onClick={() => select({ object })}>
            <code title={object.name}>{shortName(object.name, 16)}</code>
          </button>
          <span className="quiet">{note?.(object) || (object.kind === 'Pod' ? object.status : '')}</span>
        </li>
      ))}
    </ul>
  )
}

function HowToRead() {
  return (
    <>
      <Part title="Owners and owned">
        <p className={scope.say}>
          Choose an object to see who owns it and what it owns. An owner is written into the object, in{' '}
          <code>metadata.ownerReferences</code>; when it goes, the garbage collector takes what it owned.
        </p>
      </Part>
      <Part title="Labels and selectors">
        <p className={scope.say}>
          A selector owns nothing. It is a question that is asked again and again: who carries these labels now? Type
          one above, and what it reaches shines.
        </p>
      </Part>
      <Part title="How to read the picture">
        <ul className={style.legend}>
          <li>
            <i /> owns
          </li>
          <li>
            <i data-selects="" /> selects, or leads to
          </li>
        </ul>
        <p className="quiet">Pods are on their machines; those without a machine stand above.</p>
      </Part>
    </>
  )
}
