import { Menu } from '@mantine/core'
import { loopState } from '../../picture/loop-state.ts'
import type { CardData } from './card-data.ts'
import style from './fold-card.module.css'

/** The loops without a card of their own, and whatever else talks to the API server unseen. One may be taken out. */
export function FoldCard({ model, folded, select }: CardData & { folded: string[] }) {
  const others = model.others()
  const all = [...folded, ...others]
  const states = folded.map((client) => loopState(model.client(client), model.now, model.gate(client)).word)
  if (all.length === 0) return <div className={style.fold}>no loops heard of yet</div>
  const areHeld = states.length > 0 && states.every((word) => word === 'held')
  return (
    <Menu position="bottom-end" shadow="md" transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" className={`${style.fold} nopan`} title="Choose one to look at">
          <b>+{all.length}</b>
          <span>{others.length > 0 && folded.length === 0 ? 'others' : 'loops'}</span>
          {areHeld && <span>held</span>}
          {states.every((word) => word === 'idle') && <span>idle</span>}
        </button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {all.map((client) => (
          <Menu.Item key={client} onClick={() => select({ client })}>
            {model.place(client).label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
