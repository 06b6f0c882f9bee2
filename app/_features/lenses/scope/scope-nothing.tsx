import { storyOf } from '../picture/cause-chain.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import type { Selecting } from '../picture/selection.ts'
import { BecauseOf } from './because-of.tsx'
import style from './microscope.module.css'
import { Part } from './microscope-part.tsx'

/** Nothing chosen: what the learner's last deed set going, and how to read it. */
export function ScopeNothing({ model, select }: { model: PictureModel; select: Selecting['select'] }) {
  const deed = model.lastDeed
  return (
    <div className={style.scope}>
      {deed && (
        <Part title="What you did last, and what followed">
          <BecauseOf chain={{ hops: storyOf(model, deed.id), cut: false }} model={model} select={select} />
        </Part>
      )}
      <Part title="Microscope">
        <p className={style.say}>
          Choose a loop in the picture to see what it knows, what waits in its queue, and why it last acted. Choose a
          revision on the tape to follow it back to the keystroke that caused it.
        </p>
      </Part>
      <Part title="How to read the picture">
        <ul className={style.legend}>
          <li>
            <i data-is="request" /> a request, on its way to the API server
          </li>
          <li>
            <i data-is="deliver" /> a watch event, on its way to whoever watches
          </li>
          <li>
            <i data-is="append" /> a revision, appended to etcd
          </li>
          <li>
            <i data-is="refused" /> a request that was refused
          </li>
          <li>
            <i data-is="many">36</i> that many at once
          </li>
        </ul>
        <p className="quiet">Every dot was measured. Order is real, duration is stretched.</p>
      </Part>
    </div>
  )
}
